import type { RunRequest, RunSummary } from './request.ts';

export declare function runPipeline(request: RunRequest): Promise<RunSummary>;
