// What a method is: its wire name, the shape of its arguments, and what it does. Refusals are values; undefined is a
// void result, which has no `result` key on the wire.
import type { z } from 'zod'
import type { MeteorError } from './errors.ts'
import type { Caller, Gate } from './gate.ts'
import type { SecondFactor } from './users/second-factor.ts'

export interface Call {
  readonly gate: Gate
  readonly caller: Caller
  /** Bytes of the request. */
  readonly bytes: number
  /** It has its place in the next commit: what follows need not wait for that. */
  readonly placed?: (() => void) | undefined
}

export interface MethodSpec<Params extends z.ZodType> {
  readonly name: string
  /** The arguments as an array, EJSON undone. */
  readonly params: Params
  /** For methods that are called all the time: what `params` makes of the most usual arguments, or undefined of all others. */
  readonly usual?: (given: unknown) => z.output<Params> | undefined
  /** Whether these arguments ask for what does not depend on what the same client has asked for before, so that it need not be
   * committed; calls `placed`. Of a method without it nothing is told before its answer. */
  readonly standsAlone?: (given: unknown) => boolean
  /** `details.method` of the refusal when nobody is logged in, where it is another than the method's own name. */
  readonly anonymousAs?: string
  readonly twoFactor?: SecondFactor
  run(call: Call, params: z.output<Params>): Promise<unknown>
}

/** Methods that need no log-in. */
export interface OpenMethodSpec<Params extends z.ZodType> {
  readonly name: string
  readonly params: Params
  readonly usual?: never
  readonly standsAlone?: never
  readonly open: true
  run(call: OpenCall, params: z.output<Params>): Promise<unknown>
}

export interface OpenCall {
  readonly gate: Gate
  /** null where nobody is logged in. */
  readonly caller: Caller | null
  readonly bytes: number
  readonly address: string
}

export type Method = (MethodSpec<z.ZodType> & { readonly open?: never }) | OpenMethodSpec<z.ZodType>

/** Keeps the types of the arguments inside of the method. */
export function method<Params extends z.ZodType>(spec: MethodSpec<Params>): Method {
  return spec as unknown as Method
}

export function openMethod<Params extends z.ZodType>(spec: OpenMethodSpec<Params>): Method {
  return spec as unknown as Method
}

export type Answer = { readonly result: unknown } | { readonly error: MeteorError }
