/** `eclipsa/client`: for the generated client entry only. */
export { provideRoutes } from './client/routes.js'
