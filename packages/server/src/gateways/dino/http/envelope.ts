// The envelope of every answer (dino.md section 12): HTTP says 200, `status_code` says how it went.
import { Fault, type Given, type Route } from './route.ts'

/** The envelope's codes: done, and not done. */
const DONE = 200
const FAILED = 500

export function envelope({ wrapped }: Pick<Route, 'wrapped'>, result: Given | Fault): object {
  if (result instanceof Fault) {
    if (wrapped) return { status_code: DONE, data: { status: 'FAIL', message: result.text } }
    return { status_code: FAILED, data: result.text }
  }
  if (wrapped) return { status_code: DONE, data: { status: 'OK', ...result } }
  return { status_code: DONE, ...result }
}
