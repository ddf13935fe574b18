import { Anchor, Button, Group, Text, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useDeferredValue, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { authorised, problem } from '../api/client';
import { Hostile } from '../hostile/Hostile';
import { plain } from '../hostile/hostile';
import { Icon } from '../show/Icon';
import { Failed, Loading } from '../show/State';
import { bytes } from '../show/time';
import classes from './alert.module.css';
import { saveBlob } from './export';
import { entries, hits, parsed, type Json } from './raw';

/** What is read into a tree; more is for a program that is made for it. */
const limit = 2 * 1024 * 1024;

/** Raw shows the message that a source sent, folded and searchable. */
export function Raw({ path, name }: { path: string; name: string }) {
  const { t } = useTranslation();
  const [search, setSearch] = useState('');
  const wanted = useDeferredValue(search);
  const raw = useQuery({
    queryKey: ['raw', path],
    staleTime: Infinity,
    queryFn: async ({ signal }) => {
      const answer = await authorised(path, { signal });
      if (!answer.ok) throw problem(answer.status, await answer.json().catch(() => undefined));
      const blob = await answer.blob();
      return { blob, text: await blob.slice(0, limit).text() };
    },
  });
  const message = useMemo(() => (raw.data ? parsed(raw.data.text) : undefined), [raw.data]);
  const found = useMemo(
    () => (message && 'json' in message ? hits(message.json, wanted) : hits(null, '')),
    [message, wanted],
  );
  if (raw.isPending) return <Loading lines={4} />;
  if (raw.isError) return <Failed error={raw.error} again={() => void raw.refetch()} />;
  const { blob } = raw.data;
  return (
    <div>
      <Group gap="sm" mb="xs">
        {message && 'json' in message && (
          <TextInput
            size="xs"
            w={240}
            aria-label={t('alert.rawSearch')}
            placeholder={t('alert.rawSearch')}
            value={search}
            leftSection={<Icon name="search" size={14} />}
            onChange={(e) => setSearch(e.currentTarget.value)}
          />
        )}
        {wanted.trim() !== '' && (
          <Text size="xs" c="dimmed" aria-live="polite">
            {t('alert.rawHits', { count: found.found.size, shown: found.found.size.toLocaleString() })}
          </Text>
        )}
        <Button size="compact-sm" variant="default" ml="auto" onClick={() => saveBlob(name, blob)}>
          {t('alert.download')} ({bytes(blob.size)})
        </Button>
      </Group>
      {blob.size > limit && (
        <Text size="sm" c="dimmed" mb="xs">
          {t('alert.rawBig', { size: bytes(blob.size) })}
        </Text>
      )}
      {message && 'text' in message && (
        <Text size="xs" c="dimmed" mb="xs">
          {t('alert.rawText')}
        </Text>
      )}
      <div className={classes.tree} tabIndex={0} role="region" aria-label={t('alert.raw')}>
        {message && 'json' in message ? (
          <Node name="" value={message.json} path="" depth={0} found={found} />
        ) : (
          <div className={classes.pre}>
            <Hostile text={raw.data.text} limit={10_000} />
          </div>
        )}
      </div>
    </div>
  );
}

interface NodeProps {
  name: string;
  value: Json;
  path: string;
  depth: number;
  found: { found: Set<string>; open: Set<string> };
}

const step = 100;

function Node({ name, value, path, depth, found }: NodeProps) {
  const { t } = useTranslation();
  const children = entries(value);
  const [chosen, choose] = useState<boolean>();
  const [shown, show] = useState(step);
  const hit = found.found.has(path);
  const label = name !== '' && (
    <span className={hit ? `${classes.key} ${classes.hit}` : classes.key}>{plain(name.slice(0, 200))}: </span>
  );
  if (!children) {
    return (
      <div className={classes.node}>
        {label}
        <span className={hit ? classes.hit : undefined}>
          {typeof value === 'string' ? (
            <Hostile text={value} limit={600} />
          ) : (
            <span className={classes.dim}>{String(value)}</span>
          )}
        </span>
      </div>
    );
  }
  // A search unfolds what holds its hits; otherwise two levels are open.
  const open = found.open.has(path) || (chosen ?? depth < 2);
  const size = Array.isArray(value) ? `[${children.length}]` : `{${children.length}}`;
  const visible = found.open.has(path)
    ? children.filter(([k], i) => i < shown || found.found.has(`${path}/${k}`) || found.open.has(`${path}/${k}`))
    : children.slice(0, shown);
  return (
    <div className={classes.node}>
      <button type="button" className={classes.fold} aria-expanded={open} onClick={() => choose(!open)}>
        {label}
        <span className={classes.dim}>{size}</span>
      </button>
      {open &&
        visible.map(([k, v]) => (
          <Node key={k} name={k} value={v} path={`${path}/${k}`} depth={depth + 1} found={found} />
        ))}
      {open && children.length > visible.length && (
        <Anchor component="button" type="button" size="xs" onClick={() => show(shown + step * 5)}>
          {t('alert.rawMore', { n: children.length - visible.length })}
        </Anchor>
      )}
    </div>
  );
}
