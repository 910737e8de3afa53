import { parseJson } from '../http/json.ts';

/** JSON that a source has as text already. A JSON column takes the text as it is, so no digit of it is lost. */
export class RawJson {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  /** Inside other JSON, such as `_extra`. */
  toJSON(): unknown {
    return parseJson(this.text);
  }
}
