import { z } from 'zod';
import type { AnySource } from '../functions/core/source.ts';
import { estate, group, openTable, pipeline, warehouseKinds, watermarkEntry } from './estate/shapes.ts';

/**
 * JSON schema of the stack files, for editors: the shapes that check them, with the settings, tables and options of
 * every source.
 *
 * @param sources declarations by source name
 */
export function estateJsonSchema(sources: Readonly<Record<string, AnySource>>): Record<string, unknown> {
  const names = Object.keys(sources);
  const pipelines = Object.entries(sources).map(([name, source]) => pipelineShape(name, source));
  const any = z.union(pipelines.map((shape) => shape.required({ source: true })));
  const byName = Object.fromEntries(names.map((name, index) => [name, pipelines[index] ?? any]));
  const stackFile = z.object({
    config: z.object({
      'gcp:project': z.string().optional(),
      'gcp:region': z.string().optional(),
      'catchment:estate': estate.extend({
        warehouses: z.record(z.string(), z.union(Object.values(warehouseKinds))),
        pipelines: z.object(byName).partial().catchall(any),
      }),
    }),
  });
  return z.toJSONSchema(stackFile, { io: 'input', unrepresentable: 'any', reused: 'inline' });
}

function pipelineShape(name: string, { title, settings, tables, openTables }: AnySource) {
  const renamed = Object.fromEntries(
    Object.keys(tables).map((table) => [
      table,
      z
        .union([z.string(), z.boolean()])
        .optional()
        .meta({ description: 'A new name for the table, or false to leave it out' }),
    ]),
  );
  const declared = z.strictObject(renamed);
  const watermark = openTables?.watermarks === true ? watermarkEntry.shape : {};
  const options = openTables && openTable.extend({ ...watermark, ...openTables.options.shape });
  const allTables = options === undefined ? declared : declared.catchall(options);
  return pipeline
    .extend({
      source: z.literal(name).optional(),
      groups: z.record(z.string(), group.extend(z.object(settings.shape).partial().shape).nullable()),
      tables: allTables.optional(),
    })
    .meta({ title });
}
