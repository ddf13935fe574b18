// Server-sent events over fetch: the browser's own EventSource cannot send a key.

export interface Message {
  id?: string;
  event: string;
  data: string;
}

/** parser reads the stream's text as it comes and calls back for every message. */
export function parser(onMessage: (m: Message) => void): (chunk: string) => void {
  let rest = '';
  let message: Message = { event: 'message', data: '' };
  const line = (text: string) => {
    if (text === '') {
      if (message.data !== '') onMessage({ ...message, data: message.data.slice(0, -1) });
      message = { event: 'message', data: '' };
      return;
    }
    const colon = text.indexOf(':');
    if (colon === 0) return;
    const name = colon < 0 ? text : text.slice(0, colon);
    const value = colon < 0 ? '' : text.slice(colon + 1).replace(/^ /, '');
    if (name === 'data') message.data += value + '\n';
    if (name === 'event') message.event = value;
    if (name === 'id') message.id = value;
  };
  return (chunk) => {
    rest += chunk;
    const lines = rest.split(/\r\n|\n/);
    rest = lines.pop() ?? '';
    lines.forEach(line);
  };
}
