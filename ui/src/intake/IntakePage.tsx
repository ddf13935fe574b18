import { Button } from '@mantine/core';
import { Link, Outlet } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { Icon } from '../show/Icon';
import { Empty, Failed, Loading } from '../show/State';
import { Ago } from '../show/Time';
import { useTitle } from '../show/title';
import { useLast, useSources } from './sources';

/** IntakePage is the frame of everything about what comes in. */
export function IntakePage() {
  const { t } = useTranslation();
  useTitle(t('intake.title'));
  return (
    <div className="page scrolls">
      <header className="pageHead">
        <h1>{t('intake.title')}</h1>
        <nav className="tabs" aria-label={t('intake.title')}>
          <Link to="/intake" activeOptions={{ exact: true }}>
            {t('intake.sources')}
          </Link>
          <Link to="/intake/deliveries" activeOptions={{ includeSearch: false }}>
            {t('intake.deliveries')}
          </Link>
        </nav>
      </header>
      <Outlet />
    </div>
  );
}

export function SourcesPage() {
  const { t } = useTranslation();
  const sources = useSources();
  const list = sources.data?.items ?? [];
  const last = useLast(list);
  const add = (
    <Button component={Link} to="/intake/new" size="sm" leftSection={<Icon name="plus" size={15} />}>
      {t('intake.add')}
    </Button>
  );
  if (sources.isPending) return <Loading />;
  if (sources.isError && !sources.data) return <Failed error={sources.error} again={() => void sources.refetch()} />;
  if (list.length === 0) {
    return (
      <div className="panel">
        <Empty icon="intake" title={t('intake.noSources')} actions={add}>
          {t('intake.noSourcesText')}
        </Empty>
      </div>
    );
  }
  return (
    <>
      <div className="toolbar end">{add}</div>
      <div className="panel tableBox">
        <table className="table roomy">
          <thead>
            <tr>
              <th>{t('intake.id')}</th>
              <th>{t('intake.kind')}</th>
              <th>{t('intake.lastDelivery')}</th>
              <th>{t('intake.window')}</th>
              <th>{t('intake.mayDecline')}</th>
              <th>{t('intake.hook')}</th>
            </tr>
          </thead>
          <tbody>
            {list.map((s) => (
              <tr key={s.id}>
                <td>
                  <Link to="/intake/sources/$id" params={{ id: s.id }} className="link strong">
                    {s.id}
                  </Link>
                  {s.disabled && (
                    <span className="standing" data-standing="declined">
                      {t('intake.disabled')}
                    </span>
                  )}
                </td>
                <td>{s.kind}</td>
                <td>
                  {last.get(s.id) ? (
                    <Ago at={last.get(s.id)?.received_at} />
                  ) : (
                    <span className="quiet">{t('intake.never')}</span>
                  )}
                </td>
                <td>{s.window.replace(/h0m0s$/, 'h').replace(/m0s$/, 'm')}</td>
                <td>{s.may_decline ? t('intake.yes') : t('intake.no')}</td>
                <td className="mono">{s.hook}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}
