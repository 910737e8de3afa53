/** A refusal as BigQuery words it. */
export class Refused extends Error {
  readonly reason: string;
  readonly status: number;
  constructor(reason: string, message: string, status = 400) {
    super(message);
    this.reason = reason;
    this.status = status;
  }
}

export function refuse(reason: string, message: string, status = 400): never {
  throw new Refused(reason, message, status);
}
