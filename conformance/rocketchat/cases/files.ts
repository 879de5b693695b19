// The recorded cases about files.
import { type Cases } from './tools.ts'

export const FILES: Cases = {

}
