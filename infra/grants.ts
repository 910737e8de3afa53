import type { Group, Pipeline } from '../functions/core/pipeline.ts';
import type { AnySource, SourceGrant } from '../functions/core/source.ts';
import type { Binding } from './iam.ts';

/** The roles that a pipeline's account needs on what its source reads in Google Cloud, each once. */
export function grantsOf({ name, groups }: Pipeline, source: AnySource): Binding[] {
  const bindings = new Map<string, Binding>();
  for (const group of groups)
    for (const grant of source.grants ?? []) {
      const place = placeOf(group, grant);
      if (place === undefined) continue;
      const id = `${name}--${grant.role.replace('roles/', '').replaceAll('.', '-')}--${place}`;
      const because = `groups.${group.name}.${grant.setting} = ${settingOf(group, grant)}`;
      const known = bindings.get(id);
      bindings.set(id, {
        id,
        member: 'pipeline',
        role: grant.role,
        // A bucket is named in the whole of Google Cloud, so its project does not matter.
        on: { kind: grant.on, name: place, project: grant.on === 'project' ? place : '' },
        because: known === undefined ? because : `${known.because}, ${because}`,
      });
    }
  return [...bindings.values()];
}

/** The project or bucket that a group's setting names; undefined when it names neither. */
function placeOf(group: Group, grant: SourceGrant): string | undefined {
  const value = settingOf(group, grant);
  if (typeof value !== 'string' || group.sandbox) return undefined;
  return grant.on === 'project' ? value : /^gs:\/\/([^/]+)/.exec(value)?.[1];
}

function settingOf(group: Group, { setting }: SourceGrant): unknown {
  let value: unknown = group.settings;
  for (const part of setting.split('.'))
    value = (value as Readonly<Record<string, unknown>> | null | undefined)?.[part];
  return value;
}
