/** A value that a column cannot hold. Returned, not thrown: bad cells are data here, and throwing is slow. */
export class Bad {
  /** Path below the column, such as `.fields[2]`; empty for the column itself. */
  readonly path: string;
  readonly reason: string;
  readonly value: unknown;

  constructor(reason: string, value: unknown, path = '') {
    this.reason = reason;
    this.value = value;
    this.path = path;
  }

  /** The same, seen from one level further out. */
  under(step: string): Bad {
    return new Bad(this.reason, this.value, `${step}${this.path}`);
  }
}
