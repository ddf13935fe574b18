import '../show/modal';
import { Kbd, Modal } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import classes from './app.module.css';
import { shown } from './keys';

export function KeysHelp({ close }: { close: () => void }) {
  const { t } = useTranslation();
  return (
    <Modal opened onClose={close} title={t('keys.title')} size={640} closeButtonProps={{ 'aria-label': 'Esc' }}>
      <div className={classes.keys}>
        {(Object.keys(shown) as (keyof typeof shown)[]).map((part) => (
          <section key={part}>
            <h3>{t(`keys.${part}`)}</h3>
            <dl>
              {shown[part].map(([key, what]) => (
                <div key={key}>
                  <dt>
                    <Kbd size="sm">{key}</Kbd>
                  </dt>
                  <dd>{t(`keys.${what}`)}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Modal>
  );
}
