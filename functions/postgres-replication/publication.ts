import type { Client } from 'pg';
import { splitName } from './catalog.ts';
import { quoteName } from './cells.ts';

/** A publication and the tables in it, as the catalog has them now. */
export interface Publication {
  readonly oid: number;
  readonly isForAllTables: boolean;
  /** Of `insert`, `update`, `delete`, `truncate`: what it leaves out. */
  readonly leftOut: readonly string[];
  readonly members: readonly PublicationMember[];
}

export interface PublicationMember {
  readonly table: number;
  /** OID of the entry that put it in, which is another one after it was taken out and put back. */
  readonly member: number;
  readonly hasFilter: boolean;
  readonly hasColumnList: boolean;
}

export async function readPublication(
  client: Client,
  name: string,
  serverVersion: number,
): Promise<Publication | undefined> {
  const { rows } = await client.query(
    `SELECT oid::int8::text AS oid, puballtables, pubinsert, pubupdate, pubdelete, pubtruncate
     FROM pg_publication WHERE pubname = $1`,
    [name],
  );
  const [row] = rows as [Record<string, unknown>?];
  if (row === undefined) return undefined;
  const oid = Number(row.oid);
  return {
    oid,
    isForAllTables: row.puballtables === true,
    leftOut: ['insert', 'update', 'delete', 'truncate'].filter((action) => row[`pub${action}`] !== true),
    members: await readMembers(client, oid, serverVersion),
  };
}

/** Tables by name, and tables of whole schemas (from 15 on). */
async function readMembers(client: Client, oid: number, serverVersion: number): Promise<PublicationMember[]> {
  const isNew = serverVersion >= 150_000;
  const byName = `SELECT r.prrelid::oid::int8::text AS relation, r.oid::int8::text AS member,
    ${isNew ? 'r.prqual IS NOT NULL' : 'false'} AS filter, ${isNew ? 'r.prattrs IS NOT NULL' : 'false'} AS list
    FROM pg_publication_rel r WHERE r.prpubid = $1::oid`;
  const bySchema = `SELECT c.oid::int8::text, s.oid::int8::text, false, false
    FROM pg_publication_namespace s JOIN pg_class c ON c.relnamespace = s.pnnspid AND c.relkind IN ('r', 'p')
    WHERE s.pnpubid = $1::oid`;
  const { rows } = await client.query(isNew ? `${byName} UNION ALL ${bySchema}` : byName, [oid]);
  return (rows as { relation: string; member: string; filter: boolean; list: boolean }[]).map((row) => ({
    table: Number(row.relation),
    member: Number(row.member),
    hasFilter: row.filter,
    hasColumnList: row.list,
  }));
}

/** Who put a table into the publication; undefined when it is not in it. */
export function memberOf(publication: Publication, table: number): PublicationMember | undefined {
  const member = publication.members.find((each) => each.table === table);
  if (member !== undefined || !publication.isForAllTables) return member;
  return { table, member: publication.oid, hasFilter: false, hasColumnList: false };
}

/** @param tables as `schema.table` */
export function createPublicationSql(name: string, tables: readonly string[]): string {
  return `CREATE PUBLICATION ${quoteName(name)} FOR TABLE ${tables.map(quoteTable).join(', ')};`;
}

export function addTablesSql(name: string, tables: readonly string[]): string {
  return `ALTER PUBLICATION ${quoteName(name)} ADD TABLE ${tables.map(quoteTable).join(', ')};`;
}

export function quoteTable(from: string): string {
  return splitName(from).map(quoteName).join('.');
}
