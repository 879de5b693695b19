// What becomes of an event that JetStream did not take, in words of our own: what a server writes may hold anything.
import { JetStreamApiError, JetStreamError } from '@nats-io/jetstream'
import {
  AuthorizationError,
  ClosedConnectionError,
  InvalidArgumentError,
  NoRespondersError,
  PermissionViolationError,
  RequestError,
  TimeoutError,
  UserAuthenticationExpiredError,
} from '@nats-io/transport-node'
import type { Delivered } from '../outlet.ts'

/** Codes of JetStream's answers (nats-server, server/errors.json). Whatever else it answers is `refused`. */
const ANSWERS: Readonly<Record<number, Delivered>> = {
  10023: unwell('JetStream has no room left'),
  10028: unwell('JetStream has no room left'),
  10047: unwell('JetStream has no room left'),
  10077: unwell('the stream is full'),
  10008: unwell('JetStream is not available now'),
  10009: unwell('JetStream has no leader'),
  10118: unwell('the stream has no leader'),
  10074: unwell('JetStream is short of servers'),
  10005: unwell('JetStream has no server for such a stream'),
  10039: unwell('JetStream is not enabled for this account'),
  10076: unwell('JetStream is not enabled'),
  10059: unwell('the stream is missing'),
  10060: unwell('another stream takes this subject'),
  10065: unwell('another stream takes this subject'),
  10054: { delivered: 'refused', error: 'the event is larger than the stream takes' },
  // A stream that was sealed takes nothing ever again.
  10109: { delivered: 'gone', error: 'the stream is sealed' },
}
/** Of an error of the network or of TLS. */
const CODE = /^[A-Z][A-Z0-9_]{1,40}$/

export function unwell(error: string): Delivered {
  return { delivered: 'unwell', error, after: null }
}

/** What the answer to a publishing says (PubAck of JetStream). */
export function acknowledgement(text: string, stream: string): Delivered {
  const answer = readAnswer(text)
  if (answer?.error) return refusal(answer.error)
  if (!answer || typeof answer.stream !== 'string' || answer.stream === '') return unwell('no answer of JetStream')
  return answer.stream === stream ? { delivered: 'taken' } : unwell('another stream takes this subject')
}

interface Answer {
  readonly stream?: unknown
  readonly error?: { readonly code?: unknown; readonly err_code?: unknown }
}

function readAnswer(text: string): Answer | undefined {
  try {
    const answer: unknown = JSON.parse(text)
    return typeof answer === 'object' && answer !== null ? answer : undefined
  } catch {
    return undefined
  }
}

function refusal({ code, err_code }: { readonly code?: unknown; readonly err_code?: unknown }): Delivered {
  const known = ANSWERS[Number(err_code)]
  if (known) return known
  const error = `JetStream answered ${Number.isSafeInteger(err_code) ? err_code : 'an error'}`
  return Number(code) >= 500 ? unwell(error) : { delivered: 'refused', error }
}

/** The stream is not there and cannot be made: that says nothing of this one event. */
function withoutStream(code: number): Delivered {
  const known = ANSWERS[code]
  return known?.delivered === 'unwell' ? known : unwell(`the stream cannot be made, JetStream answered ${code}`)
}

/** What an error says of the event. A bug of ours is thrown on. */
export function meaningOf(error: unknown): Delivered {
  for (let each = error; each instanceof Error; each = each.cause)
    if (each instanceof JetStreamApiError) return withoutStream(each.code)
  // Larger than the server takes, which the client knows.
  if (error instanceof InvalidArgumentError)
    return { delivered: 'refused', error: 'the event is larger than NATS takes' }
  const reason = reasonOf(error)
  if (reason === undefined) throw error
  return unwell(reason)
}

/** Our words for an error of the connection; undefined for what is a bug of ours. */
export function reasonOf(error: unknown, depth = 0): string | undefined {
  if (error instanceof PermissionViolationError) return 'NATS forbids this subject'
  if (error instanceof AuthorizationError || error instanceof UserAuthenticationExpiredError)
    return 'NATS does not let this user in'
  if (error instanceof TimeoutError) return 'no answer in time'
  if (error instanceof NoRespondersError) return 'no stream takes this subject'
  if (error instanceof ClosedConnectionError) return 'the connection was cut'
  // Somebody who is no JetStream has answered.
  if (error instanceof SyntaxError || error instanceof JetStreamError) return 'no answer of JetStream'
  if (!(error instanceof Error)) return undefined
  const { code } = error as NodeJS.ErrnoException
  if (typeof code === 'string' && CODE.test(code) && !code.startsWith('ERR_INVALID_ARG')) return code
  const deeper = depth < 4 ? reasonOf(error.cause, depth + 1) : undefined
  if (deeper !== undefined) return deeper
  if (error instanceof RequestError) return 'the connection was cut'
  if (error.name === 'ConnectionError' || error.name === 'ProtocolError') return 'no connection'
  return undefined
}
