import type { ErrorFacts } from '../errors.ts';
import { CatchmentError, fatal } from '../errors.ts';
import type { CallFacts } from './answer.ts';
import { authTodo, checkAnswer, ruleFor } from './answer.ts';
import { checkReach } from './hosts.ts';
import { parseJson } from './json.ts';
import type { NormalPolicy } from './normalize.ts';
import type { Failure } from './retry.ts';
import type { RawAnswer } from './send.ts';

export type Reading<Value = unknown> =
  | { readonly isOk: true; readonly value: Value }
  | { readonly isOk: false; readonly failure: Failure };

/** Turns an answer into its JSON value, or into the reason why it cannot be used. */
export function readAnswer(answer: RawAnswer, policy: NormalPolicy, facts: CallFacts): Reading {
  const failure = (failed: Failure): Reading => ({ isOk: false, failure: failed });
  if (answer.status >= 300 && answer.status < 400) throw redirected(answer, policy, facts);

  const body = parseBody(answer.bytes);
  if (answer.status < 200 || answer.status > 299) return failure(refusedBy(answer, body, policy, facts));
  if (answer.bytes.length === 0 && answer.status === 204) return { isOk: true, value: null };
  if (!body.isJson) return failure({ error: notJson(answer, body.reason, facts) });

  const refused = policy.answer === undefined ? undefined : checkAnswer(policy.answer, body.value, facts);
  return refused === undefined ? { isOk: true, value: body.value } : failure(refused);
}

/** The failure of an answer whose status says it all. */
export function refusedByStatus(answer: RawAnswer, policy: NormalPolicy, facts: CallFacts): Failure {
  return refusedBy(answer, { isJson: false, reason: '' }, policy, facts);
}

type Body =
  | { readonly isJson: true; readonly value: unknown }
  /** The parser's reason quotes the text, so it must be redacted. */
  | { readonly isJson: false; readonly reason: string };

function parseBody(bytes: Uint8Array): Body {
  try {
    return { isJson: true, value: parseJson(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) };
  } catch (error) {
    return { isJson: false, reason: error instanceof Error ? error.message : String(error) };
  }
}

function refusedBy(answer: RawAnswer, body: Body, policy: NormalPolicy, facts: CallFacts): Failure {
  const { status, headers } = answer;
  if (body.isJson && policy.answer !== undefined && ruleFor(policy.answer, body.value) !== undefined) {
    const refused = checkAnswer(policy.answer, body.value, facts);
    if (refused !== undefined) return { ...refused, headers };
  }
  return {
    headers,
    error: new CatchmentError({
      ...endOf(status, policy, facts),
      where: facts.where,
      what: `${facts.call} was answered with HTTP ${status}`,
      got: excerpt(answer.bytes, facts),
    }),
  };
}

function endOf(
  status: number,
  policy: NormalPolicy,
  facts: CallFacts,
): Pick<ErrorFacts, 'kind' | 'code' | 'todo'> {
  if (status === 401 || status === 403) return { kind: 'fatal', code: 'auth', todo: authTodo(facts) };
  if (policy.retry.statuses.includes(status))
    return { kind: 'retryable', code: 'vendor', todo: 'run it again later' };
  const todo = status === 404 ? 'check the path, also the slash at its end' : undefined;
  return { kind: 'fatal', code: 'vendor', todo };
}

/** JSON that breaks off is the network's fault; any other text (a gateway's page, say) is the vendor's. */
function notJson({ bytes, status }: RawAnswer, reason: string, facts: CallFacts): CatchmentError {
  const isDamaged = bytes.length === 0 || bytes[0] === 0x7b || bytes[0] === 0x5b;
  return new CatchmentError({
    kind: 'retryable',
    code: isDamaged ? 'network' : 'vendor',
    where: facts.where,
    what: isDamaged
      ? `the answer to ${facts.call} is damaged: ${bytes.length} bytes that are no whole JSON`
      : `${facts.call} was answered with HTTP ${status} and a text that is not JSON`,
    got: isDamaged ? facts.redact(reason) : excerpt(bytes, facts),
    todo: 'run it again later',
  });
}

function redirected({ headers, status }: RawAnswer, policy: NormalPolicy, { call, where }: CallFacts) {
  const location = headers.location;
  const target = URL.parse(typeof location === 'string' ? location : '', policy.baseUrl.href);
  if (target !== null) checkReach(target, policy, where);
  return fatal('vendor', {
    where,
    what: `${call} was redirected (HTTP ${status}), which is not followed`,
    got: target === null ? undefined : `${target.origin}${target.pathname}`,
    todo: 'use the new address in source.ts',
  });
}

/** The beginning of a body, for people. Redacted before it is cut, since half a secret is one too. */
function excerpt(bytes: Uint8Array, { redact }: CallFacts): string {
  const text = new TextDecoder().decode(bytes.subarray(0, 10_000)).replaceAll(/\s+/g, ' ').trim();
  return redact(text).slice(0, 150);
}
