/** English as it stands in the code, and a job, for tests. */

import { TranslationBundle } from '@jupyterlab/translation';
import { IJob } from '../types';

export const trans = {
  __: (text: string, ...values: unknown[]) => filled(text, values),
  _n: (one: string, many: string, count: number, ...values: unknown[]) =>
    filled(count === 1 ? one : many, [count, ...values])
} as unknown as TranslationBundle;

function filled(text: string, values: unknown[]): string {
  return text.replace(/%(\d+)/g, (_, number) => String(values[number - 1]));
}

export function job(more: Partial<IJob> = {}): IJob {
  return {
    id: 'r2gtinmoi2yberi5',
    request: 'qsvx2ydt4f6km7zs',
    action: 'describe',
    state: 'succeeded',
    code: 'succeeded',
    message: 'Succeeded.',
    reason: '',
    run_command: '',
    runtime: 'python:v2',
    executor: 'sandbox',
    exit_code: 0,
    created_at: '2026-11-22T05:00:00+00:00',
    updated_at: '2026-11-22T05:00:00+00:00',
    started_at: null,
    completed_at: null,
    elapsed: 12,
    cpu_time: null,
    peak_memory: null,
    cancelled: false,
    revision: 1,
    notebook: null,
    ...more
  };
}
