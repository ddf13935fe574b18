import { useMemo, useState } from 'react';

/** Which lines are selected: some by id, or all that match but some. */
export type Selection = { all: false; ids: ReadonlySet<string> } | { all: true; except: ReadonlySet<string> };

export const nothing: Selection = { all: false, ids: new Set() };

export function has(s: Selection, id: string): boolean {
  return s.all ? !s.except.has(id) : s.ids.has(id);
}

export function flip(s: Selection, id: string): Selection {
  const set = new Set(s.all ? s.except : s.ids);
  if (!set.delete(id)) set.add(id);
  return s.all ? { all: true, except: set } : { all: false, ids: set };
}

/** size is how many are selected; total counts all that match. */
export function size(s: Selection, total: number): number {
  return s.all ? Math.max(0, total - s.except.size) : s.ids.size;
}

/** useSelection keeps a selection for as long as subject, the search, stays. */
export function useSelection(subject: string) {
  const [held, hold] = useState<{ subject: string; selection: Selection }>({ subject, selection: nothing });
  const selection = held.subject === subject ? held.selection : nothing;
  return useMemo(
    () => ({
      selection,
      flip: (id: string) => hold({ subject, selection: flip(selection, id) }),
      all: () => hold({ subject, selection: { all: true, except: new Set() } }),
      clear: () => hold({ subject, selection: nothing }),
    }),
    [selection, subject],
  );
}
