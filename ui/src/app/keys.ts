import { useEffect, useRef } from 'react';

export type Actions = Record<string, (e: KeyboardEvent) => void>;

/** The window after g in which a second letter makes it "go to". */
const sequence = 1200;
let wentG = 0;

/** useKeys acts on single keys, as KeyboardEvent.key names them; "g q" is g, then q.
 * Keys typed into a field, with Ctrl or ⌘, or under an open dialogue are not ours. */
export function useKeys(actions: Actions) {
  const now = useRef(actions);
  useEffect(() => {
    now.current = actions;
  });
  useEffect(() => {
    const on = (e: KeyboardEvent) => {
      if (e.defaultPrevented || e.ctrlKey || e.metaKey || e.altKey || e.isComposing || busy(e)) return;
      const name = Date.now() - wentG < sequence ? `g ${e.key}` : e.key;
      const act = now.current[name];
      if (!act) return;
      e.preventDefault();
      act(e);
    };
    window.addEventListener('keydown', on);
    return () => window.removeEventListener('keydown', on);
  }, []);
}

/** listenForG remembers a g, after every list and page has seen the key. */
export function listenForG(): () => void {
  const on = (e: KeyboardEvent) => {
    if (e.ctrlKey || e.metaKey || e.altKey || busy(e)) return;
    wentG = e.key === 'g' ? Date.now() : 0;
  };
  window.addEventListener('keydown', on);
  return () => window.removeEventListener('keydown', on);
}

function busy(e: KeyboardEvent): boolean {
  // Closed menus and lists may stay in the page, unseen.
  const over = document.querySelectorAll('[role="dialog"], [role="listbox"], [role="menu"]');
  if ([...over].some((el) => el.getClientRects().length > 0)) return true;
  const el = e.target;
  if (!(el instanceof HTMLElement)) return false;
  if (el.isContentEditable || el.tagName === 'TEXTAREA' || el.tagName === 'SELECT') return true;
  return el instanceof HTMLInputElement && !['checkbox', 'radio', 'button'].includes(el.type);
}

/** What `?` shows. */
export const shown = {
  everywhere: [
    ['⌘K / Ctrl-K', 'palette'],
    ['?', 'help'],
    ['g q', 'goQueue'],
    ['g a', 'goAlerts'],
    ['g i', 'goIntake'],
  ],
  inLists: [
    ['j', 'down'],
    ['k', 'up'],
    ['o / Enter', 'open'],
    ['x', 'select'],
    ['*', 'selectAll'],
    ['/', 'filter'],
    ['Home', 'first'],
    ['End', 'last'],
    ['Esc', 'clear'],
  ],
  onAlert: [
    ['u / Esc', 'back'],
    ['r', 'raw'],
  ],
  onGroup: [
    ['c', 'conclude'],
    ['n', 'newTicket'],
  ],
} as const;
