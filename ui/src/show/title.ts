import { useEffect } from 'react';

/** useTitle names the browser's tab. */
export function useTitle(title: string) {
  useEffect(() => {
    document.title = title ? `${title.slice(0, 80)} · Yagura` : 'Yagura';
    return () => {
      document.title = 'Yagura';
    };
  }, [title]);
}
