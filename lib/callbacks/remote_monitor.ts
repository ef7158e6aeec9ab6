import { show, typeError, ValueError } from '../errors.js';
import { checkBoolean, isPlain, readOptions } from '../options.js';
import { Callback, type Logs } from './callback.js';
import { warn } from './monitor.js';

export interface RemoteMonitorOptions {
  /** Address of the server. Default 'http://localhost:9000'. */
  root?: string;
  /** Where on the server events go. Default '/publish/epoch/end/'. */
  path?: string;
  /** Name of the form's field that holds the JSON. Default 'data'. */
  field?: string;
  headers?: Record<string, string> | null;
  /** Send the JSON itself in place of a form. Default false. */
  sendAsJson?: boolean;
}

/** A server that takes a connection and never answers must not hold up training for good. */
const PATIENCE_MS = 10_000;

/**
 * Sends the logs of every epoch to a server, by POST: `{ epoch, loss, ... }` as JSON in a form, or alone. NaN and infinity become null.
 * A server that cannot be reached, or does not answer within ten seconds, is warned about; training goes on.
 * Keras: https://keras.io/api/callbacks/remote_monitor/
 * @example callbacks.remoteMonitor({ root: 'http://localhost:9000', sendAsJson: true })
 */
export class RemoteMonitor extends Callback {
  readonly url: string;
  readonly field: string;
  readonly headers: Record<string, string>;
  readonly sendAsJson: boolean;

  constructor(options: RemoteMonitorOptions = {}) {
    super();
    const o = readOptions<Required<RemoteMonitorOptions>>('RemoteMonitor', options, {
      root: 'http://localhost:9000',
      path: '/publish/epoch/end/',
      field: 'data',
      headers: null,
      sendAsJson: false,
    });
    for (const name of ['root', 'path', 'field'] as const)
      if (typeof o[name] !== 'string') throw typeError(`RemoteMonitor: '${name}' must be a string. Received: ${show(o[name])}`);
    this.url = o.root + o.path;
    if (!URL.canParse(this.url) || !/^https?:/i.test(this.url))
      throw new ValueError(
        `RemoteMonitor: 'root' must be the address of a server such as 'http://localhost:9000'. Received: ${show(o.root)}`,
      );
    this.field = o.field;
    if (o.headers !== null && !(isPlain(o.headers) && Object.values(o.headers).every((v) => typeof v === 'string')))
      throw typeError(`RemoteMonitor: 'headers' must be an object of strings. Received: ${show(o.headers)}`);
    this.headers = { ...o.headers };
    this.sendAsJson = checkBoolean('RemoteMonitor', 'sendAsJson', o.sendAsJson);
  }

  override async onEpochEnd(epoch: number, logs: Logs): Promise<void> {
    const json = JSON.stringify({ epoch, ...logs }, (_, value) =>
      ArrayBuffer.isView(value) ? Array.from(value as Float32Array) : value,
    );
    const type = this.sendAsJson ? { 'content-type': 'application/json' } : undefined;
    try {
      const response = await fetch(this.url, {
        method: 'POST',
        headers: { ...type, ...this.headers },
        body: this.sendAsJson ? json : new URLSearchParams({ [this.field]: json }),
        signal: AbortSignal.timeout(PATIENCE_MS),
      });
      await response.body?.cancel();
    } catch (error) {
      const { cause, message } = error as Error;
      warn(`RemoteMonitor: could not reach ${this.url}: ${cause instanceof Error ? cause.message : message}`);
    }
  }
}

export const remoteMonitorCallbacks = { RemoteMonitor };
