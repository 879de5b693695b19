// The recorded cases about rooms.
import { type Cases } from './tools.ts'

export const ROOMS: Cases = {

}
