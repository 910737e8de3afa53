import type { Http } from '../../http/http.ts';
import type { TableTarget } from '../../pipeline.ts';
import type { ActiveRun } from '../../run/active-run.ts';
import type { TableRead } from '../../run/read-slice.ts';
import type { DataflowPlace } from '../../run/request.ts';
import type { Slice } from '../../run/slice.ts';
import type { DataflowApi, DataflowJob } from './api.ts';
import type { AttemptNames } from './names.ts';

/** One slice that Dataflow reads, and where everything of it is. */
export interface EngineSlice {
  readonly run: ActiveRun;
  readonly slice: Slice;
  readonly target: TableTarget;
  readonly names: AttemptNames;
  readonly place: DataflowPlace;
  /** Of the warehouse. */
  readonly project: string;
  readonly location: string;
  readonly dataset: string;
  /** Talks to Google as the handler's own account. */
  readonly http: Http;
}

/** What one of Google's templates does for a slice. */
export interface EngineJob {
  /** Makes what the template expects to be there, and launches it. May happen twice. */
  launch(api: DataflowApi): Promise<void>;
  /** Stages what a job that is done wrote; on an error nothing stays staged. */
  stage(api: DataflowApi, job: DataflowJob): Promise<TableRead>;
}
