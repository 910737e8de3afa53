/** The day of the benchmark, and the first one that is loaded: thirteen months. */
export const today = '2026-11-20T06:00:00Z';
export const firstDay = '2025-10-20';
