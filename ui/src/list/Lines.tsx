import { Button, Loader } from '@mantine/core';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useRef, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useKeys } from '../app/keys';
import classes from './Lines.module.css';
import { has, type Selection } from './selection';

export interface Line {
  id: string;
}

interface Props<L extends Line> {
  /** Names the list and its search: what was active is found again on coming back. */
  name: string;
  label: string;
  lines: L[];
  height: number;
  head: ReactNode;
  line: (l: L) => ReactNode;
  open: (l: L) => void;
  selection: Selection;
  onFlip: (id: string) => void;
  onAll: () => void;
  onClear: () => void;
  /** Acts on the marked line at the key c. */
  onConclude?: (l: L) => void;
  more: boolean;
  loadingMore: boolean;
  loadMore: () => void;
  /** Set where the server stopped at its bound: going on is the reader's decision. */
  stopped?: string;
}

const active = new Map<string, string>();

/** Lines is a virtualised list that the keyboard moves through. The list itself has
 * the focus and points to its active line. */
export function Lines<L extends Line>(p: Props<L>) {
  const { t } = useTranslation();
  const box = useRef<HTMLDivElement>(null);
  const [at, setAt] = useState(() =>
    Math.max(
      0,
      p.lines.findIndex((l) => l.id === active.get(p.name)),
    ),
  );
  const here = Math.min(at, Math.max(0, p.lines.length - 1));
  const virtual = useVirtualizer({
    count: p.lines.length,
    getScrollElement: () => box.current,
    estimateSize: () => p.height,
    overscan: 12,
    getItemKey: (i) => p.lines[i]?.id ?? i,
    initialOffset: () => Math.max(0, here - 4) * p.height,
  });
  const shown = virtual.getVirtualItems();
  const last = shown.at(-1)?.index ?? 0;
  const { more, loadingMore, loadMore, stopped } = p;
  useEffect(() => {
    if (more && !loadingMore && !stopped && last >= p.lines.length - 20) loadMore();
  }, [last, more, loadingMore, loadMore, stopped, p.lines.length]);
  useEffect(() => {
    box.current?.focus({ preventScroll: true });
  }, []);

  const go = (i: number) => {
    const to = Math.max(0, Math.min(i, p.lines.length - 1));
    setAt(to);
    const l = p.lines[to];
    if (l) active.set(p.name, l.id);
    virtual.scrollToIndex(to);
  };
  const open = (i: number) => {
    const l = p.lines[i];
    if (!l) return;
    active.set(p.name, l.id);
    p.open(l);
  };
  const inControl = () =>
    document.activeElement?.matches('button, a, input') && !box.current?.contains(document.activeElement);
  useKeys({
    j: () => go(here + 1),
    k: () => go(here - 1),
    ArrowDown: () => go(here + 1),
    ArrowUp: () => go(here - 1),
    Home: () => go(0),
    End: () => go(p.lines.length - 1),
    o: () => open(here),
    Enter: () => (inControl() ? (document.activeElement as HTMLElement).click() : open(here)),
    x: () => p.lines[here] && p.onFlip(p.lines[here].id),
    c: () => p.lines[here] && p.onConclude?.(p.lines[here]),
    '*': p.onAll,
    Escape: p.onClear,
  });

  const current = p.lines[here];
  return (
    <div className={classes.frame}>
      <div
        ref={box}
        className={classes.box}
        role="grid"
        aria-label={p.label}
        aria-rowcount={more ? -1 : p.lines.length + 1}
        aria-multiselectable
        aria-activedescendant={current && shown.some((v) => v.index === here) ? `line-${current.id}` : undefined}
        tabIndex={0}
      >
        <div className={classes.head} role="row" aria-rowindex={1}>
          {p.head}
        </div>
        <div role="rowgroup" className={classes.body} style={{ height: virtual.getTotalSize() }}>
          {shown.map((v) => {
            const l = p.lines[v.index];
            if (!l) return null;
            const selected = has(p.selection, l.id);
            return (
              <div
                key={v.key}
                id={`line-${l.id}`}
                role="row"
                aria-rowindex={v.index + 2}
                aria-selected={selected}
                data-active={v.index === here || undefined}
                className={classes.line}
                style={{ height: p.height, transform: `translateY(${v.start}px)` }}
                onMouseDown={() => {
                  setAt(v.index);
                  active.set(p.name, l.id);
                }}
                onClick={(e) => {
                  if ((e.target as HTMLElement).closest('a, button, input, label') || window.getSelection()?.toString())
                    return;
                  open(v.index);
                }}
              >
                <div role="gridcell" className={classes.check}>
                  <input
                    type="checkbox"
                    checked={selected}
                    tabIndex={-1}
                    aria-label={t('list.select', { id: l.id })}
                    onChange={() => p.onFlip(l.id)}
                  />
                </div>
                {p.line(l)}
              </div>
            );
          })}
        </div>
      </div>
      <div className={classes.foot} aria-live="polite">
        {loadingMore ? (
          <>
            <Loader size={12} /> {t('list.loadingMore')}
          </>
        ) : stopped && more ? (
          <>
            {t('list.stopped', { at: stopped })}
            <Button size="compact-xs" variant="default" onClick={loadMore}>
              {t('list.goOn')}
            </Button>
          </>
        ) : (
          !more && t('list.end')
        )}
        <span className={classes.hint}>{t('list.keysHint')}</span>
      </div>
    </div>
  );
}

/** Cell is one column of a line. */
export function Cell({ className, children, head }: { className?: string; children?: ReactNode; head?: boolean }) {
  return (
    <div role={head ? 'columnheader' : 'gridcell'} className={`${classes.cell} ${className ?? ''}`}>
      {children}
    </div>
  );
}

export { classes as lineClasses };
