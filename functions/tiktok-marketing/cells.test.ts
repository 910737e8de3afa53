import { expect, test } from 'vitest';
import { cell, dayOf, idText, utcTime } from './cells.ts';

test('a dash, an empty text and null are no value, and zero is one', () => {
  expect(['-', '', null, undefined].map(cell)).toEqual([undefined, undefined, undefined, undefined]);
  expect([0, '0', '0.00', false].map(cell)).toEqual([0, '0', '0.00', false]);
});

test('an id keeps all its digits, whether it came as text or as a number beyond 2^53', () => {
  expect(idText('1790000000000000001')).toBe('1790000000000000001');
  expect(idText(1790000000000000001n)).toBe('1790000000000000001');
  expect(idText(42)).toBe('42');
  expect(idText(null)).toBeUndefined();
});

test('a day is the date of its midnight', () => {
  expect(dayOf('2026-10-01 00:00:00')).toBe('2026-10-01');
});

test('both ways to write a moment become ISO in UTC', () => {
  expect(utcTime('2026-10-01 12:34:56')).toBe('2026-10-01T12:34:56Z');
  expect(utcTime(1_630_335_591)).toBe('2021-08-30T14:59:51.000Z');
  expect(utcTime('')).toBeUndefined();
});

test('a moment in an unknown form passes as it is, for the schema check to refuse', () => {
  expect(utcTime('yesterday')).toBe('yesterday');
});
