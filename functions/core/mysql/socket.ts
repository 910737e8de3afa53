import type { Socket } from 'node:net';
import { createConnection, isIP } from 'node:net';

/**
 * Options of the driver for a server that is named by its address: a socket that knows which address a certificate must be
 * for. Of an address, unlike of a name, the driver tells TLS nothing, and TLS would accept a certificate for "localhost".
 */
export function socketOf(host: string, port: number): { readonly stream?: () => Socket } {
  if (isIP(host) === 0) return {};
  return {
    stream() {
      const socket = Object.assign(createConnection(port, host), { _host: host });
      return socket.setKeepAlive(true).setNoDelay(true);
    },
  };
}
