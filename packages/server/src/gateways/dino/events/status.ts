// `status`: online, offline or invisible, for every session of the user (dino.md section 4, status). Whose status it is
// says the session; who names somebody else is refused (as recorded).
import { echo } from '../activity.ts'
import { CODE, refusal } from '../errors.ts'
import { type Answer, type Asked, DONE, refused } from '../gate.ts'
import { mayHide, type StatusVerb, setStatus } from '../statuses.ts'

/** away, back and visible come over the HTTP API alone. */
const VERBS: readonly StatusVerb[] = ['online', 'offline', 'invisible']

export async function changeStatus({ gate, account, activity }: Asked): Promise<Answer> {
  const verb = VERBS.find(each => each === activity.verb)
  if (!verb) return refused(refusal(CODE.INVALID_STATUS, `invalid status ${echo(activity.verb)}`))
  const named = activity.actor?.id
  if (named !== undefined && named !== account.id)
    return refused(refusal(CODE.NOT_ALLOWED, 'nobody changes the status of another user'))
  if (verb === 'invisible' && !mayHide(gate.parts, account))
    return refused(refusal(CODE.NOT_ALLOWED, 'only operators may be invisible'))
  const failed = await setStatus(gate, account.id, verb)
  return failed ? refused(failed) : DONE
}
