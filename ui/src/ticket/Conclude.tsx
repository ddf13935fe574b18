import '../show/modal';
import { Button, Group, Modal, NativeSelect, Stack, Text, Textarea, TextInput } from '@mantine/core';
import { useState, type FormEvent, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { plain } from '../hostile/hostile';
import { conclusions, conclusionText, type Verdict } from './tickets';

interface Props {
  /** What is concluded, in a line. */
  about: ReactNode;
  owner: string;
  /** conclude does it; what it throws is shown, and what was typed stays. */
  conclude: (v: Verdict) => Promise<void>;
  close: () => void;
}

/** Conclude asks for a conclusion, an owner and a reason. */
export function Conclude({ about, owner: first, conclude, close }: Props) {
  const { t } = useTranslation();
  const [conclusion, setConclusion] = useState<Verdict['conclusion'] | ''>('');
  const [typed, setOwner] = useState<string>();
  const [reason, setReason] = useState('');
  const [busy, setBusy] = useState(false);
  const [refused, setRefused] = useState('');
  const owner = typed ?? first;
  const whole = conclusion !== '' && owner.trim() !== '' && reason.trim() !== '';
  const go = async (e: FormEvent) => {
    e.preventDefault();
    if (!whole || busy) return;
    setBusy(true);
    setRefused('');
    try {
      await conclude({ conclusion, assignee: owner.trim(), reason: reason.trim() });
    } catch (err) {
      setRefused(err instanceof Error ? err.message : String(err));
    }
    setBusy(false);
  };
  return (
    <Modal opened onClose={close} title={t('conclude.title')} closeButtonProps={{ 'aria-label': t('intake.cancel') }}>
      <form onSubmit={(e) => void go(e)}>
        <Stack gap="sm">
          <Text size="sm" component="div">
            {about}
          </Text>
          <NativeSelect
            label={t('conclude.conclusion')}
            required
            data-autofocus
            value={conclusion}
            onChange={(e) => setConclusion(e.currentTarget.value as Verdict['conclusion'] | '')}
            data={[
              { value: '', label: t('conclude.choose'), disabled: true },
              ...conclusions.map((value) => ({ value, label: conclusionText(t, value) })),
            ]}
          />
          <TextInput
            label={t('conclude.owner')}
            required
            maxLength={64}
            value={owner}
            onChange={(e) => setOwner(e.currentTarget.value)}
          />
          <Textarea
            label={t('conclude.reason')}
            required
            autosize
            minRows={3}
            maxLength={10_000}
            value={reason}
            onChange={(e) => setReason(e.currentTarget.value)}
            onKeyDown={(e) => {
              if (e.key === 'Enter' && (e.ctrlKey || e.metaKey)) void go(e);
            }}
          />
          {refused && (
            <p className="refused" role="alert">
              {plain(refused)}
            </p>
          )}
          <Group justify="flex-end">
            <Button variant="default" onClick={close}>
              {t('intake.cancel')}
            </Button>
            <Button type="submit" disabled={!whole} loading={busy}>
              {t('conclude.go')}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
