/** The program that the command `eclipsa` runs, too; from lib/, where both are compiled to. */
export { findBinary } from '../../../lib/binary.js'
