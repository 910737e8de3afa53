import type { Store } from './store.ts';

/** Fills an empty database: users with every kind of value, and orders below some of them. */
export function fill(store: Store, { users, seed }: { readonly users: number; readonly seed: number }): void {
  for (let number = 1; number <= users; number += 1) {
    const id = `user-${String(number).padStart(5, '0')}`;
    store.put(`users/${id}`, userOf(number, seed));
    for (let order = 1; order <= number % 3; order += 1)
      store.put(`users/${id}/orders/order-${order}`, {
        amount: { doubleValue: number * order * 1.25 },
        currency: { stringValue: order === 1 ? 'EUR' : 'USD' },
        placed_at: { timestampValue: momentOf(number * 60 + order) },
      });
  }
}

function userOf(number: number, seed: number) {
  return {
    name: { stringValue: `Usér ${number} 🛠` },
    'e-mail': { stringValue: `user${number}@example.com` },
    // Beyond 2^53, so that a reader that makes numbers of them is found out.
    account: { integerValue: String(9_007_199_254_740_993n + BigInt(number * seed)) },
    score: number % 10 === 0 ? { nullValue: null } : { doubleValue: number / 8 },
    is_active: { booleanValue: number % 2 === 0 },
    updated_at: { timestampValue: momentOf(Math.floor(number / 2)) },
    avatar: { bytesValue: Buffer.from(`avatar ${number}`).toString('base64') },
    home: { geoPointValue: { latitude: 50 + number / 1000, longitude: 30 } },
    manager: { referenceValue: 'projects/sandbox-project/databases/(default)/documents/users/user-00001' },
    tags: {
      arrayValue: number % 4 === 0 ? {} : { values: [{ stringValue: 'a' }, { stringValue: `t${number}` }] },
    },
    settings: {
      mapValue: {
        fields: {
          theme: { stringValue: 'dark' },
          limits: { mapValue: { fields: { daily: { integerValue: '5' } } } },
        },
      },
    },
  };
}

/** A moment of the year 2026, some minutes after its start. */
function momentOf(minutes: number): string {
  return new Date(Date.UTC(2026, 0, 1, 0, minutes)).toISOString().replace('000Z', '000001Z');
}
