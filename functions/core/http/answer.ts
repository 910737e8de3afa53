import type { ErrorFacts } from '../errors.ts';
import { CatchmentError } from '../errors.ts';
import type { AnswerPolicy, AnswerRule } from './policy.ts';
import type { Failure } from './retry.ts';

/** What errors about one call say. */
export interface CallFacts {
  /** Method and path, without the query: `GET report/integrated/get/`. */
  readonly call: string;
  readonly where: string;
  /** The secret's field that authenticates the call. */
  readonly authField: string | undefined;
  readonly redact: (text: string) => string;
}

/**
 * Looks for an error code in a JSON answer.
 *
 * @returns undefined when the answer says that it worked
 */
export function checkAnswer(policy: AnswerPolicy, body: unknown, facts: CallFacts): Failure | undefined {
  const fields = typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {};
  const code = numberOf(fields[policy.codeField]);
  if (code === undefined) return { error: withoutCode(policy, fields, facts) };
  if (policy.ok.includes(code)) return undefined;

  const rule = findRule(policy.rules, code);
  const requestId = policy.requestIdField === undefined ? undefined : fields[policy.requestIdField];
  const request = requestId === undefined ? '' : `, request id ${facts.redact(String(requestId))}`;
  const { call, where, redact } = facts;
  return {
    rule,
    error: new CatchmentError({
      ...endOf(rule, facts),
      where,
      what: `${call} was refused with code ${code} (${rule?.means ?? 'a code that no rule of the source names'}${request})`,
      got: redact(String(fields[policy.messageField] ?? '')),
    }),
  };
}

/** The rule for the code in a JSON body; undefined when no rule names it, or there is none. */
export function ruleFor(policy: AnswerPolicy, body: unknown): AnswerRule | undefined {
  const fields = typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {};
  const code = numberOf(fields[policy.codeField]);
  return code === undefined || policy.ok.includes(code) ? undefined : findRule(policy.rules, code);
}

/** Credentials are at fault. */
export function authTodo({ authField }: CallFacts): string {
  return authField === undefined
    ? 'check the credentials of this group'
    : `put a valid value into the field "${authField}" of the group's secret, and check what it may access`;
}

function findRule(rules: readonly AnswerRule[], code: number): AnswerRule | undefined {
  return rules.find(({ codes }) =>
    codes.some((named) =>
      typeof named === 'number' ? named === code : code >= named[0] && code <= named[1],
    ),
  );
}

function numberOf(code: unknown): number | undefined {
  if (typeof code === 'number') return code;
  return typeof code === 'string' && /^-?\d{1,15}$/.test(code) ? Number(code) : undefined;
}

function endOf(rule: AnswerRule | undefined, facts: CallFacts): Pick<ErrorFacts, 'kind' | 'code' | 'todo'> {
  switch (rule?.action) {
    case 'retry':
    case 'wait':
      return { kind: 'retryable', code: 'vendor', todo: 'run it again later' };
    case 'auth':
      return { kind: 'fatal', code: 'auth', todo: authTodo(facts) };
    case 'split':
      return { kind: 'fatal', code: 'too-large', todo: 'ask for fewer days or fewer fields' };
    default:
      return { kind: 'fatal', code: 'vendor', todo: undefined };
  }
}

function withoutCode(
  { codeField }: AnswerPolicy,
  fields: Record<string, unknown>,
  { call, where, redact }: CallFacts,
) {
  return new CatchmentError({
    kind: 'retryable',
    code: 'vendor',
    where,
    what: `${call} was answered without the number "${codeField}" that says whether it worked`,
    got: redact(Object.keys(fields).slice(0, 10).join(', ')),
    todo: 'run it again later',
  });
}
