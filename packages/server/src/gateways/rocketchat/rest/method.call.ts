// `method.call/<name>`: any method over REST. The answer is always 200; refusals are inside (rocketchat.md section 2).
import { parseJson } from '@conclave/wire'
import { z } from 'zod'
import { type Asked, dispatch } from '../dispatch.ts'
import { MeteorError, matchFailed } from '../errors.ts'
import { ejson } from '../frames.ts'
import type { Caller, Gate } from '../gate.ts'
import { FRAME_BYTES, FRAME_DEPTH, FRAME_VALUES } from '../limits.ts'
import { route } from '../route.ts'
import { proofOf } from '../users/second-factor.ts'

const LIMITS = { maxBytes: FRAME_BYTES, maxDepth: FRAME_DEPTH, maxKeys: FRAME_VALUES }
const packetShape = z.looseObject({
  id: z.union([z.string().max(256), z.number()]).optional(),
  method: z.string().min(1).max(256),
  params: z.unknown().optional(),
})
export const callShape = z.object({ message: z.string() })

export const methodCall = route({
  verb: 'POST',
  paths: ['/v1/method.call/:name'],
  input: callShape,
  run({ gate, caller, bytes, header, address }, { message }) {
    const proof = proofOf(header('x-2fa-code'), header('x-2fa-method'))
    return calledByRest(gate, caller, message, { bytes, address, proof })
  },
})

/** `message`: the packet as text. */
export async function calledByRest(
  gate: Gate,
  caller: Caller | null,
  message: string,
  asked: Pick<Asked, 'bytes' | 'proof' | 'address'>,
): Promise<object> {
  const read = parseJson(message, LIMITS)
  const packet = read.ok ? packetShape.safeParse(read.value) : undefined
  if (!packet?.success) return new MeteorError('error-invalid-params', 'The message is no method call')
  const { id, method: name, params } = packet.data
  const answer = await dispatch(gate, caller, { ...asked, name, params })
  const head = { msg: 'result', ...(id === undefined ? {} : { id }) }
  if ('error' in answer) return { message: JSON.stringify({ ...head, error: shownError(answer.error) }) }
  const text = JSON.stringify(head)
  return { message: answer.result === undefined ? text : `${text.slice(0, -1)},"result":${ejson(answer.result)}}` }
}

/** Over REST the real server says more of arguments that do not fit. */
function shownError(error: MeteorError): object {
  if (error !== matchFailed) return error
  return { ...error.toJSON(), message: 'Match error', errorType: 'Match.Error', sanitizedError: error.toJSON() }
}
