import { Dataset } from '@pulumi/gcp/bigquery/dataset.js';
import { Table } from '@pulumi/gcp/bigquery/table.js';
import { ComponentResource, type ComponentResourceOptions } from '@pulumi/pulumi';
import type { PipelineTable } from '../../functions/core/pipeline.ts';
import type { Column } from '../../functions/core/schema.ts';
import type { Cloud } from './cloud.ts';
import { clusteringOf, partitioningOf, tableSchema } from './table-schema.ts';

export interface DatasetTable {
  readonly table: PipelineTable;
  readonly columns: readonly Column[];
  /** Name of the source that fills it, for the label. */
  readonly source: string;
}

export interface WarehouseDatasetArgs {
  readonly cloud: Cloud;
  /** The warehouse's project, which need not be the estate's. */
  readonly project: string;
  readonly location: string;
  readonly dataset: string;
  readonly tables: readonly DatasetTable[];
}

/**
 * A BigQuery dataset with its tables, made from their schema files. Nobody but the project's owners and the
 * bindings of the pipelines may read it.
 *
 * A table that holds data is never replaced: the resource is protected, and BigQuery itself refuses the deletion.
 */
export class WarehouseDataset extends ComponentResource {
  readonly dataset: Dataset;
  readonly tables: readonly Table[];

  constructor(name: string, args: WarehouseDatasetArgs, options: ComponentResourceOptions = {}) {
    super('catchment:gcp:WarehouseDataset', name, {}, options);
    const { project, location, dataset, tables, cloud } = args;
    const { labels, protect, dependsOn } = cloud;
    this.dataset = new Dataset(
      name,
      { project, location, datasetId: dataset, labels, deleteContentsOnDestroy: false },
      { parent: this, dependsOn, protect, retainOnDelete: protect },
    );
    this.tables = tables.map(
      ({ table, columns, source }) =>
        new Table(
          `${name}.${table.name}`,
          {
            project,
            datasetId: this.dataset.datasetId,
            tableId: table.name,
            schema: tableSchema(columns),
            ...partitioningOf(table),
            ...clusteringOf(table),
            labels: { ...labels, source },
            deletionProtection: protect,
          },
          { parent: this, protect, retainOnDelete: protect },
        ),
    );
    this.registerOutputs();
  }
}
