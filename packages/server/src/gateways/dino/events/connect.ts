// `connect`: the namespace is open. Nothing is asked of the client yet.
import type { DinoSession } from '../session.ts'

export function connected(session: DinoSession): void {
  session.emit('gn_connect', '{"status_code":200,"data":null}')
}
