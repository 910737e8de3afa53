declare global {
  interface JSON {
    /** A value that `JSON.stringify` writes as it is; in Node since 21. */
    rawJSON(text: string): object;
  }
}

/** An error as TikTok answers it: HTTP 200 with a code in the body. */
export class VendorError extends Error {
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.name = 'VendorError';
    this.code = code;
  }
}

export interface Envelope {
  readonly code: number;
  readonly message: string;
  readonly request_id: string;
  readonly data: unknown;
}

/** An id as the vendor writes some: a bare JSON number beyond 2^53. */
export function bareId(id: string): unknown {
  return JSON.rawJSON(id);
}

export interface Page<T> {
  readonly list: readonly T[];
  readonly page_info: {
    readonly page: number;
    readonly page_size: number;
    readonly total_number: number;
    readonly total_page: number;
  };
}

/** Cuts one page out of a list, and turns only its records into the vendor's shape. */
export function pageOf<T, V>(
  list: readonly T[],
  { page, pageSize }: { readonly page: number; readonly pageSize: number },
  shape: (item: T) => V,
): Page<V> {
  const start = (page - 1) * pageSize;
  return {
    list: list.slice(start, start + pageSize).map(shape),
    page_info: {
      page,
      page_size: pageSize,
      total_number: list.length,
      total_page: Math.ceil(list.length / pageSize),
    },
  };
}
