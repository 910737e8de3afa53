import { type Graph, readableType } from './graph.ts';

export interface ResourceGroup {
  /** Undefined: what pipelines share. */
  readonly pipeline?: string | undefined;
  readonly count: number;
  readonly types: readonly { readonly type: string; readonly names: readonly string[] }[];
}

/** Resources by pipeline and type, the shared ones first. Components are not counted: they exist in code only. */
export function resourceGroups({ resources }: Graph): ResourceGroup[] {
  const groups = new Map<string | undefined, Map<string, string[]>>();
  for (const { pipeline, type, name, custom } of resources) {
    if (!custom) continue;
    const types = groups.get(pipeline) ?? new Map<string, string[]>();
    groups.set(pipeline, types);
    const readable = readableType(type);
    types.set(readable, [...(types.get(readable) ?? []), name]);
  }
  return [...groups]
    .sort(([a = ''], [b = '']) => (a < b ? -1 : 1))
    .map(([pipeline, types]) => ({
      pipeline,
      count: [...types.values()].reduce((sum, names) => sum + names.length, 0),
      types: [...types]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([type, names]) => ({ type, names: names.sort() })),
    }));
}
