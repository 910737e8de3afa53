/** Shorter texts are hidden by their key only: hiding every "1" would make errors unreadable. */
const shortestSecret = 4;

/** Every text in the secrets in every way it may be written, the longest first. */
export function secretForms(secrets: readonly unknown[]): string[] {
  const forms = new Set(secrets.flatMap(textsIn).flatMap(formsOf));
  return [...forms].filter((form) => form.length >= shortestSecret).sort((a, b) => b.length - a.length);
}

function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(textsIn);
}

/** The ways one text may be written by the time it shows up in an error. */
function formsOf(text: string): string[] {
  if (text.length < shortestSecret) return [];
  // A line of a key file shows up alone in parser errors.
  const lines = text.split(/\r?\n/).filter((line) => line.length >= 16 && line !== text);
  return [text, ...lines].flatMap((plain) => {
    const json = JSON.stringify(plain).slice(1, -1);
    const url = encodeURIComponent(plain.toWellFormed());
    const form = new URLSearchParams({ v: plain }).toString().slice(2);
    return [
      plain,
      json,
      JSON.stringify(json).slice(1, -1),
      json.replaceAll('/', '\\/'),
      json.replaceAll(/[^\0-\x7f]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`),
      plain
        .replaceAll('&', '&amp;')
        .replaceAll('<', '&lt;')
        .replaceAll('>', '&gt;')
        .replaceAll('"', '&quot;'),
      url,
      url.replaceAll(/%[\dA-F]{2}/g, (code) => code.toLowerCase()),
      form,
      form.replaceAll(/%[\dA-F]{2}/g, (code) => code.toLowerCase()),
      ...base64Of(plain),
    ];
  });
}

/** Base64 depends on the position in three bytes, so `user:password` in a header needs the two shifted forms as well. */
function base64Of(text: string): string[] {
  const bytes = Buffer.from(text);
  const whole = bytes.toString('base64');
  const inside = [0, 1, 2].map((shift) => {
    const code = Buffer.concat([Buffer.alloc(shift), bytes]).toString('base64');
    const own = Math.floor(((shift + bytes.length) * 8) / 6);
    return code.slice(Math.ceil((shift * 8) / 6), own);
  });
  return [whole, whole.replace(/=+$/, ''), ...inside].flatMap((code) => [
    code,
    code.replaceAll('+', '-').replaceAll('/', '_'),
  ]);
}
