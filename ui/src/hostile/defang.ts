// Values that a click or a chat would turn into a visit are shown and copied
// defanged, exactly as the server writes them (alert/defang.go), so that what one
// copies here is found by every search there.

/** defang makes a value of a type that could be visited harmless. */
export function defang(value: string, type: string): string {
  switch (type) {
    case 'ip':
      return value.includes(':') ? value.replaceAll(':', '[:]') : dots(value);
    case 'domain':
    case 'host':
      return dots(value);
    case 'url':
      return url(value);
    case 'email':
      return email(value);
    case 'user':
      return value.indexOf('@') > 0 ? email(value) : value;
  }
  return value;
}

const dots = (s: string) => s.replaceAll('.', '[.]');

function email(s: string): string {
  const at = s.lastIndexOf('@');
  return at < 0 ? s : s.slice(0, at) + '[@]' + dots(s.slice(at + 1));
}

/** url changes the scheme and the host; the path is kept as it is. */
function url(s: string): string {
  const mark = s.indexOf('://');
  if (mark < 0) return s;
  const rest = s.slice(mark + 3);
  const found = rest.search(/[/?#]/);
  const end = found < 0 ? rest.length : found;
  const host = rest.slice(0, end);
  const scheme = [...s.slice(0, mark)]
    .map((c, i) => ((i === 1 || i === 2) && /t/i.test(c) ? (c === 't' ? 'x' : 'X') : c))
    .join('');
  return scheme + '://' + (host.includes('[') ? host : dots(host)) + rest.slice(end);
}
