import { fatal } from '../../core/errors.ts';
import { quoteText, utcNames } from './cells.ts';
import type { MysqlConnection } from './connect.ts';

/**
 * A server without time zone tables answers NULL, and every converted moment would be lost.
 *
 * @throws fatal `bad-input`
 */
export async function checkZone(connection: MysqlConnection, zone: string, table: string): Promise<void> {
  if (utcNames.includes(zone)) return;
  const [[moment = null] = []] = await connection.rows(
    `SELECT CONVERT_TZ('2020-01-01 00:00:00', ${quoteText(zone)}, '+00:00')`,
  );
  if (moment !== null) return;
  throw fatal('bad-input', {
    where: table,
    what: 'the server does not know `timeZone` of the group',
    got: zone,
    todo: 'load its time zone tables with mysql_tzinfo_to_sql, or declare the columns DATETIME in the schema file and leave timeZone out',
  });
}
