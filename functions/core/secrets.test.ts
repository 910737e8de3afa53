import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { asCatchmentError, fatal, isCatchmentError, retryable } from './errors.ts';
import { createRedactor, parseSecret } from './secrets.ts';

const shape = z.strictObject({ access_token: z.string().min(1), app_id: z.string().min(1) });

/** Everything a person could read of a value. */
function visible(value: unknown): string {
  if (value instanceof Error)
    return [value.name, value.message, value.stack, visible(value.cause), visible({ ...value })].join('\n');
  if (Array.isArray(value)) return value.map(visible).join('\n');
  if (typeof value === 'object' && value !== null)
    return Object.entries(value)
      .map(([key, inner]) => `${key}: ${visible(inner)}`)
      .join('\n');
  return String(value);
}

describe('createRedactor', () => {
  it('hides every text of a secret, however deep it sits', () => {
    const { redact } = createRedactor([{ a: 'first-one', b: { c: ['second-one', 7] } }, 'third-one']);
    expect(redact('first-one second-one third-one 7')).toBe('*** *** *** 7');
  });

  it('leaves texts shorter than four characters alone', () => {
    expect(createRedactor(['abc', '']).redact('abc abc')).toBe('abc abc');
  });

  it('hides the longer of two secrets that begin alike', () => {
    expect(createRedactor(['pass', 'password-of-all']).redact('is password-of-all')).toBe('is ***');
  });

  it('hides secrets that are URL-encoded, in base64, or escaped for JSON or HTML', () => {
    const secret = 'a/b+c d"é&<>\n%';
    const { redact } = createRedactor([secret]);
    const forms = [
      secret,
      encodeURIComponent(secret),
      encodeURIComponent(secret).toLowerCase(),
      new URLSearchParams({ v: secret }).toString().slice(2),
      JSON.stringify(secret),
      JSON.stringify(JSON.stringify(secret)),
      Buffer.from(secret).toString('base64'),
      Buffer.from(secret).toString('base64url'),
      'a/b+c d&quot;é&amp;&lt;&gt;\n%',
    ];
    for (const form of forms) expect(redact(`<${form}>`), form).toMatch(/^<"?(\\")?\*\*\*(\\")?"?>$/);
  });

  it('hides the part of a base64 text that holds a secret, wherever it begins', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 5 }), fc.string({ maxLength: 5 }), (before, after) => {
        const code = Buffer.from(`${before}the-long-password${after}`).toString('base64');
        const shown = Buffer.from(
          createRedactor(['the-long-password']).redact(code).replace('***', ''),
          'base64',
        );
        expect(shown.toString('latin1')).not.toContain('long-pass');
      }),
    );
  });

  it('hides single lines of a key file', () => {
    const key = `-----BEGIN KEY-----\n${'MIIEvQIBADANBgkq'}\n-----END KEY-----\n`;
    expect(createRedactor([{ key }]).redact('bad line MIIEvQIBADANBgkq')).toBe('bad line ***');
  });

  it('hides what a name gives away, without knowing the secret', () => {
    const { redact } = createRedactor([]);
    expect(redact('GET /a?page=1&access_token=abc&x=2')).toBe('GET /a?page=1&access_token=***&x=2');
    expect(redact('{"refresh_token": "a\\"b", "n": 1}')).toBe('{"refresh_token": "***", "n": 1}');
    expect(redact('"{\\"client_secret\\":\\"abc\\",\\"n\\":1}"')).toBe(
      '"{\\"client_secret\\":\\"***\\",\\"n\\":1}"',
    );
    expect(redact('Authorization: Bearer abc.def')).toBe('Authorization: ***');
    expect(redact('sent bearer eyJhbGciOi.xyz')).toBe('sent bearer ***');
    expect(redact('postgres://app:hunter2@db:5432/x')).toBe('postgres://***@db:5432/x');
  });

  it('leaves text without secrets as it is', () => {
    const text =
      'GET report/integrated/get/?page=2&advertiser_id=7 failed: "code": 40100, see https://host/a@b';
    expect(createRedactor([{ token: 'abcdefgh' }]).redact(text)).toBe(text);
  });

  it('hides values under keys that name a secret, but not flags and counts', () => {
    const { redactValue } = createRedactor([]);
    const value = {
      'Access-Token': 'x',
      password: { deep: 1 },
      api_key: 123456,
      hasToken: true,
      tokens: 3,
      refreshToken: null,
      fine: ['text', 5n],
    };
    expect(redactValue(value)).toEqual({
      'Access-Token': '***',
      password: '***',
      api_key: '***',
      hasToken: true,
      tokens: 3,
      refreshToken: null,
      fine: ['text', 5n],
    });
    expect(value.password).toEqual({ deep: 1 });
  });

  it('goes through maps, sets, URLs and bytes, and ends on circles', () => {
    const { redactValue } = createRedactor(['the-secret']);
    const circle: Record<string, unknown> = { text: 'the-secret' };
    circle.self = circle;
    const copy = redactValue(circle);
    expect(copy.text).toBe('***');
    expect(copy.self).toBe(copy);
    expect(redactValue({ map: new Map([['a', 'the-secret']]), set: new Set(['the-secret']) })).toEqual({
      map: { a: '***' },
      set: new Set(['***']),
    });
    expect(redactValue({ url: new URL('http://h/?q=the-secret'), bytes: Buffer.from('the-secret') })).toEqual(
      {
        url: 'http://h/?q=***',
        bytes: '<10 bytes>',
      },
    );
    const day = new Date(0);
    expect(redactValue({ day }).day).toBe(day);
  });

  it('redacts an error of the kit and keeps its kind, code and facts', () => {
    const { redactValue } = createRedactor(['the-secret']);
    const error = retryable('deferred', {
      what: 'no the-secret',
      where: 'p/the-secret',
      got: { a: 'the-secret' },
      allowed: ['the-secret', 1],
      todo: 'drop the-secret',
      resumeAt: new Date(5),
      cause: new Error('cause the-secret', { cause: 'the-secret' }),
    });
    const copy = redactValue(error);
    expect(copy.message).toBe('[p/***] no ***: got {"a":"***"}; allowed: ***, 1; drop ***');
    expect(isCatchmentError(copy) && [copy.kind, copy.code, copy.resumeAt]).toEqual([
      'retryable',
      'deferred',
      new Date(5),
    ]);
    expect(visible(copy)).not.toContain('the-secret');
    expect(visible(copy)).toContain('cause ***');
    expect(copy.stack).toContain('secrets.test.ts');
  });

  it('redacts errors of other libraries and leaves their hangers-on behind', () => {
    const { redactValue } = createRedactor(['the-secret']);
    const error = Object.assign(new TypeError('bad the-secret'), {
      code: 'ERR_X',
      input: 'http://h/?k=the-secret',
      options: { headers: { 'Access-Token': 'the-secret' } },
    });
    const copy = redactValue(error);
    expect({ ...copy, name: copy.name, message: copy.message }).toEqual({
      name: 'TypeError',
      message: 'bad ***',
      code: 'ERR_X',
      input: 'http://h/?k=***',
    });
    const all = redactValue(new AggregateError([new Error('the-secret')], 'many'));
    expect(visible((all as AggregateError).errors)).not.toContain('the-secret');
  });

  it('ends on an error that is its own cause', () => {
    const error = new Error('the-secret');
    error.cause = error;
    expect(createRedactor(['the-secret']).redactValue(error).cause).toBe('(the same error)');
  });

  it('lets no secret through, whatever it is made of and wherever it sits', () => {
    // The marks keep a secret such as "name" from being found in what is not secret.
    const secret = fc.string({ minLength: 2, maxLength: 40, unit: 'grapheme' }).map((text) => `§${text}§`);
    fc.assert(
      fc.property(secret, fc.string(), fc.string(), (text, before, after) => {
        fc.pre(!`${before}***${after}`.includes(text));
        const { redactValue } = createRedactor([{ field: text }]);
        const error = fatal('vendor', {
          what: before + text + after,
          got: { [before]: text },
          cause: asCatchmentError(text),
        });
        for (const value of [error, { list: [before + text + after] }])
          for (const line of visible(redactValue(value)).split('***')) expect(line).not.toContain(text);
      }),
    );
  });
});

describe('parseSecret', () => {
  const read = (text: string) => () => parseSecret(text, shape, 'shop/demo: secret "tiktok"');

  it('returns the checked secret', () => {
    expect(read('{"access_token":"t","app_id":"1"}')()).toEqual({ access_token: 't', app_id: '1' });
  });

  it('names missing and wrong fields, and never shows a value', () => {
    expect(read('{"access_token":123456789,"app_idd":"98765"}')).toThrow(
      '[shop/demo: secret "tiktok"] the secret has not the right fields: "access_token": Invalid input: expected string, received number; "app_id" is missing; Unrecognized key: "app_idd"; allowed: a JSON object with the fields access_token, app_id; store the secret again',
    );
  });

  it('says what is wrong with text that is no JSON, without quoting it', () => {
    expect(read('hunter2-is-my-token')).toThrow(
      '[shop/demo: secret "tiktok"] the secret is not JSON; allowed: a JSON object with the fields access_token, app_id; store the secret again',
    );
    expect(read('"hunter2"')).toThrow('Invalid input: expected object, received string');
  });

  it('asks for an empty object where the source has no secret', () => {
    expect(() => parseSecret('x', z.strictObject({}), 'w')).toThrow('allowed: {}; store the secret again');
  });
});
