import assert from 'node:assert/strict';
import { test } from 'node:test';
import { follow, Model, rowsOf, select } from '../widget/model';

class Fake implements Model {
  readonly sent: string[] = [];
  private readonly listeners = new Map<string, Set<() => void>>();

  constructor(private readonly values: Record<string, unknown>) {}

  get(name: string): unknown {
    return this.values[name];
  }

  set(name: string, value: unknown): void {
    this.values[name] = value;
    this.listeners.get(`change:${name}`)?.forEach(listener => listener());
  }

  save_changes(): void {
    this.sent.push(JSON.stringify(this.values));
  }

  send(): void {
    throw new Error('nothing is to be sent');
  }

  on(event: string, listener: () => void): void {
    this.listeners.set(event, (this.listeners.get(event) ?? new Set()).add(listener));
  }

  off(event: string, listener: () => void): void {
    this.listeners.get(event)?.delete(listener);
  }
}

test('rows are the base with what has changed since', () => {
  const model = new Fake({
    _base: { a: [1], b: [2], c: [3] },
    _changes: { b: [5], c: null, d: [4] }
  });
  assert.deepEqual(
    [...rowsOf(model)],
    [
      ['a', [1]],
      ['b', [5]],
      ['d', [4]]
    ]
  );
});

test('changes that come together are shown once, and none after the end', async () => {
  const model = new Fake({ a: 1, b: 2 });
  const ending = new AbortController();
  const seen: unknown[] = [];
  follow(model, ['a', 'b'], ending.signal, () => seen.push([model.get('a'), model.get('b')]));
  model.set('a', 3);
  model.set('b', 4);
  await Promise.resolve();
  assert.deepEqual(seen, [
    [1, 2],
    [3, 4]
  ]);
  model.set('a', 5);
  ending.abort();
  await Promise.resolve();
  model.set('a', 6);
  await Promise.resolve();
  assert.equal(seen.length, 2);
});

test('the kernel is told of another selection only', () => {
  const model = new Fake({ selected: null });
  select(model, 'make');
  select(model, 'make');
  assert.deepEqual(model.sent, ['{"selected":"make"}']);
});
