// Text of alerts comes from attackers. React never takes it for markup; here it is
// made honest as well: what one cannot see, or what turns text around, is shown.

/** A piece of text, or one character that would not be seen, by its code. */
export interface Piece {
  text: string;
  hidden: boolean;
}

// Controls but tab and line feed; soft hyphen; Arabic letter mark; Hangul fillers;
// zero-width and bidi controls; invisible operators; variation selectors; byte order
// mark; interlinear marks; tags.
const unseen =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\u{e0000}-\u{e0fff}]/gu;

/** pieces parts text at characters that one would not see. */
export function pieces(text: string): Piece[] {
  const out: Piece[] = [];
  let at = 0;
  for (const m of text.matchAll(unseen)) {
    if (m.index > at) out.push({ text: text.slice(at, m.index), hidden: false });
    out.push({ text: 'U+' + m[0].codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0'), hidden: true });
    at = m.index + m[0].length;
  }
  if (at < text.length) out.push({ text: text.slice(at), hidden: false });
  return out;
}

/** plain is text with hidden characters written out, for titles and labels that
 * can hold nothing but text. */
export function plain(text: string): string {
  return pieces(text)
    .map((p) => (p.hidden ? `[${p.text}]` : p.text))
    .join('');
}

/** cut returns the first limit characters, never half of one. */
export function cut(text: string, limit: number): { text: string; rest: number } {
  if (text.length <= limit) return { text, rest: 0 };
  const last = text.charCodeAt(limit - 1);
  const end = last >= 0xd800 && last <= 0xdbff ? limit - 1 : limit;
  return { text: text.slice(0, end), rest: text.length - end };
}

/** webLink returns the address where a browser may go to it, otherwise nothing. */
export function webLink(address: string | undefined): string | undefined {
  if (!address) return undefined;
  try {
    const u = new URL(address);
    if ((u.protocol === 'http:' || u.protocol === 'https:') && u.username === '' && u.password === '') return u.href;
  } catch {
    // No address at all: shown as text.
  }
  return undefined;
}
