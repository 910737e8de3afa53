/** Hands the cells of a record to who takes them: for each column eight bytes, where its cell begins and ends; `nothing` for NULL. */
export declare function takeCells(cells: usize): void;

/** Hands a record of a JSON line to who takes them: for each field what its value is, where it begins and where it ends. */
export declare function takeRecord(values: usize): void;

/** In place of where a cell begins. */
export const nothing: u32 = u32.MAX_VALUE;
