// What a route of the HTTP API is (dino.md section 12): its path, the shape of what comes in and goes out, and what it
// does. The shapes are the one source of validation and of the OpenAPI page. Routes are for the embedding site: whoever
// may call them may do what a superuser may.
import type { z } from 'zod'
import type { Gate } from '../gate.ts'

/** Why a call did nothing; becomes the envelope's text. */
export class Fault {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

/** What a call gives: the envelope's `data`, or nothing. */
export interface Given {
  readonly data?: unknown
}

export const NOTHING: Given = {}

export interface RouteSpec<Body extends z.ZodType> {
  readonly method: 'GET' | 'POST' | 'DELETE'
  /** After `/dino`. */
  readonly path: string
  /** One sentence for the OpenAPI page. */
  readonly summary: string
  /** True where `data` holds `status` (OK or FAIL), and a fault is 200 all the same. */
  readonly wrapped: boolean
  readonly body: Body
  /** The shape of `data`. */
  readonly answer: z.ZodType
  run(gate: Gate, body: z.output<Body>): Promise<Given | Fault>
}

export type Route = RouteSpec<z.ZodType>

/** Keeps the shape's type inside of the route. */
export function route<Body extends z.ZodType>(spec: RouteSpec<Body>): Route {
  return spec as unknown as Route
}
