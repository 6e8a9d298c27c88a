import assert from 'node:assert/strict';
import { test } from 'node:test';
import { duration, local, size, utc } from '../format';

test('durations have the unit that fits', () => {
  assert.equal(duration(0), '0.0 s');
  assert.equal(duration(1.52), '1.5 s');
  assert.equal(duration(42.4), '42 s');
  assert.equal(duration(200), '3 min 20 s');
  assert.equal(duration(65), '1 min 05 s');
  assert.equal(duration(3720), '1 h 02 min');
  assert.equal(duration(163712), '45 h 28 min');
});

test('a duration that is not known is empty', () => {
  assert.equal(duration(null), '');
  assert.equal(duration(undefined), '');
});

test('a duration is never sixty seconds', () => {
  for (const seconds of [59.6, 119.7, 3599.8]) {
    assert.doesNotMatch(duration(seconds), /\b60\b/, String(seconds));
  }
});

test('sizes have the unit that fits', () => {
  assert.equal(size(0), '0 B');
  assert.equal(size(999), '999 B');
  assert.equal(size(3400), '3.4 kB');
  assert.equal(size(5_600_000), '5.6 MB');
  assert.equal(size(123_456_789), '123 MB');
  assert.equal(size(2e15), '2000 TB');
});

test('a size is never a thousand of a unit that has a larger one', () => {
  assert.equal(size(999_950), '1.0 MB');
});

test('moments are shown in UTC to the second', () => {
  assert.equal(utc('2026-11-22T05:30:12.123456+00:00'), '2026-11-22 05:30:12');
  assert.equal(utc(null), '');
});

test('moments are shown where the reader is', () => {
  assert.match(local('2026-11-22T05:30:12+00:00'), /2026/);
  assert.equal(local(null), '');
});
