/** The program that the command `eclipsa` runs, too; from lib/, where both are compiled to. */
import { findBinary as find } from '../../../lib/binary.js'
import { ServiceError } from './service-error.js'

/** @throws ServiceError that names the missing package */
export function findBinary(): string {
  try {
    return find()
  } catch (error) {
    throw new ServiceError((error as Error).message)
  }
}
