// What options take for any kind of part: types alone.
import type { DTypePolicy } from './dtype_policy.js';
import type { Config } from './registry.js';

/** One of these names, which an editor completes, or any other that was registered (`registerSerializable`). */
export type Name<Known extends string> = Known | (string & {});

/** A part written down: `{ className, config }` in camelCase, or Keras's `{ class_name, config }` with snake_case keys. */
export type PartConfig<Known extends string = string> =
  | { className: Name<Known>; config?: Config | Name<Known> }
  | {
      class_name: Name<Known>;
      config?: Config | Name<Known>;
      module?: string | null;
      registered_name?: string | null;
      build_config?: Config | null;
      shared_object_id?: number;
    };

/** A class of such parts, which is made without options. */
export type ClassOf<Part> = new (options?: never) => Part;

/** What a layer computes in: the name of a policy, or Keras's config of one. null: that of `dtypePolicy()`. */
export type DTypePolicyIdentifier = DTypePolicy | PartConfig<'DTypePolicy'> | null;

/** The type of what is computed, as Keras's configs carry it. There is one. */
export type FloatDType = 'float32' | PartConfig<'DTypePolicy'> | null;

/** What Keras and TensorFlow.js say of an input. Data of any type are taken whatever it says. */
export type InputDType =
  | 'float32'
  | 'float64'
  | 'float16'
  | 'bfloat16'
  | 'int8'
  | 'int16'
  | 'int32'
  | 'int64'
  | 'uint8'
  | 'uint16'
  | 'uint32'
  | 'uint64'
  | 'bool'
  | 'string'
  | PartConfig<'DTypePolicy'>
  | null;
