// Facts of people and things, seen from the other end.
import { relation, type Relation } from './relation.ts'

export const inverses: Record<string, Relation> = {
  birthplaceOf: relation(
    `{O} was born in {s}
    Among the people born in {s} is {O}`,
    `is the native place of {O}
    is where {O} came into the world`,
    'birthplace',
  ),
  deathplaceOf: relation(
    `{O} died in {s}
    The grave of {O} is in {s}`,
    `is where {O} passed away
    is the final resting place of {O}`,
    'deathplace',
  ),
  alumnus: relation(
    `{O} studied at {s}
    {O} was a student of {s}`,
    `educated {O}
    granted a degree to {O}`,
    'studied',
  ),
  employed: relation(
    `{O} worked for {s}
    {O} was employed by {s}`,
    `had {O} on its payroll
    gave a job to {O}`,
    'worked',
  ),
  participant: relation(
    `{O} took part in {s}
    Among those present at {s} was {O}`,
    `involved {O}
    was witnessed by {O}`,
    'tookPart',
  ),
  settingOf: relation(
    `{O} is set in {s}
    {S} is the scene of {O}`,
    `is the backdrop of {O}
    is portrayed in {O}`,
    'setting',
  ),
  presented: relation(
    `{O} was first shown by {s}
    {S} presented {O} to the public`,
    `hosted the premiere of {O}
    organised the debut of {O}`,
    'keptAt',
  ),
  basisOf: relation(
    `{O} is based on {s}
    {S} was the model of {O}`,
    `was adapted into {O}
    supplied material for {O}`,
    'basedOn',
  ),
  inspired: relation(
    `{S} inspired {O}
    {O} recalls {s}`,
    `prompted {O}
    is commemorated by {O}`,
    'inspiredBy',
  ),
  seatOf: relation(
    `{O} has its seat in {s}
    {O} is based in {s}`,
    `houses the headquarters of {O}
    is the operating base of {O}`,
    'seat',
  ),
  hasBuilding: relation(
    `{O} stands in {s}
    The best known building of {s} is {O}`,
    `is the location of {O}
    contains {O}`,
    'standsIn',
  ),
  crossedBy: relation(
    `{O} crosses {s}
    {O} leads across {s}`,
    `is spanned by {O}
    runs underneath {O}`,
    'crosses',
  ),
  opened: relation(
    `{S} opened {O}
    {S} gave the speech at the opening of {O}`,
    `inaugurated {O}
    ceremonially handed over {O}`,
    'openedBy',
  ),
  placeOf: relation(
    `{O} took place in {s}
    {S} was the scene of {O}`,
    `was affected by {O}
    was the location of {O}`,
    'place',
  ),
  sponsored: relation(
    `{S} paid for {O}
    The money of {s} made {O} possible`,
    `financed {O}
    gave backing to {O}`,
    'sponsor',
  ),
  findsOf: relation(
    `{O} was first collected near {s}
    {O} is known only from {s}`,
    `is the area where {O} was discovered
    harbours {O}`,
    'foundNear',
  ),
  passes: relation(
    `{S} runs past {O}
    {O} lies on {s}`,
    `is bordered by {O}
    has {O} beside it`,
    'liesOn',
  ),
  namesake: relation(
    `{O} was named after {s}
    {S} gave a name to {O}`,
    `is remembered in the name of {O}
    lent a name to {O}`,
    'namedAfter',
  ),
}
