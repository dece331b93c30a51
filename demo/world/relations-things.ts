// What is said of works, organisations, structures, events, species and places.
import { relation, type Relation } from './relation.ts'

export const things: Record<string, Relation> = {
  creator: relation(
    `{S} is a work by {O}
    {S} was made by {O}
    {O} began {s} and finished it within a year
    {O} is the author of {s}`,
    `was produced by {O}
    came from the hand of {O}
    originated with {O}`,
    'created',
  ),
  subject: relation(
    `{S} deals with {O}
    {S} is about {O}
    The main theme of {s} is {O}
    {O} stands at the centre of {s}`,
    `concerns {O}
    treats {O}
    revolves around {O}`,
  ),
  workYear: relation(
    `{S} was finished in {O}
    {S} first appeared in {O}
    {S} dates from {O}`,
    `was completed in {O}
    came out in {O}
    was released in {O}`,
  ),
  setting: relation(
    `{S} is set in {O}
    The action of {s} takes place in {O}
    {S} shows life in {O}`,
    `unfolds in {O}
    whose story plays out in {O}
    portrays {O}`,
    'settingOf',
  ),
  dedicatee: relation(
    `{S} is dedicated to {O}
    The dedication of {s} names {O}`,
    `pays tribute to {O}
    bears an inscription honouring {O}`,
    'dedicateeOf',
  ),
  keptAt: relation(
    `{S} was first shown by {O}
    {S} came before the public through {O}
    {O} presented {s} to the public`,
    `was premiered under the auspices of {O}
    made its debut thanks to {O}`,
    'presented',
  ),
  basedOn: relation(
    `{S} is based on {O}
    {S} follows the plot of {O}
    {O} served as the model of {s}`,
    `was adapted from {O}
    draws its material from {O}`,
    'basisOf',
  ),
  inspiredBy: relation(
    `{S} was inspired by {O}
    {S} recalls {O}
    {O} gave the first idea of {s}`,
    `commemorates {O}
    was prompted by {O}`,
    'inspired',
  ),
  founder: relation(
    `{S} was founded by {O}
    The founder of {s} was {O}
    {O} founded {s}`,
    `was established by {O}
    owes its existence to {O}
    was set up by {O}`,
    'founded',
  ),
  foundedYear: relation(
    `{S} was founded in {O}
    The founding of {s} dates from {O}
    {S} began its work in {O}`,
    `was established in {O}
    came into being in {O}`,
  ),
  seat: relation(
    `{S} has its seat in {O}
    {S} is based in {O}
    The main building of {s} stands in {O}`,
    `is headquartered in {O}
    operates from {O}
    is located in {O}`,
    'seatOf',
  ),
  product: relation(
    `{S} lived from the trade in {O}
    {S} became rich through {O}
    {O} made {s} known
    {S} was long linked with {O}`,
    `prospered thanks to {O}
    was renowned for {O}
    whose wealth came from {O}`,
  ),
  focus: relation(
    `{S} was devoted to {O}
    {S} was closely connected with {O}
    {O} always had a place in the work of {s}`,
    `specialised in {O}
    concentrated on {O}
    gave special attention to {O}`,
  ),
  director: relation(
    `The director of {s} was {O}
    {O} was director of {s}
    {S} was directed by {O}`,
    `was led by {O}
    was under the management of {O}
    had {O} at its helm`,
    'headed',
  ),
  emblem: relation(
    `The arms of {s} show {O}
    The badge of {s} is {O}
    {S} has {O} in its seal`,
    `whose symbol is {O}
    is represented by {O}
    uses {O} as its sign`,
  ),
  merged: relation(
    `{S} merged with {O}
    {S} and {O} became one house
    {S} was joined to {O}`,
    `was united with {O}
    combined its business with {O}`,
    'merged',
  ),
  designer: relation(
    `{S} was designed by {O}
    The plans of {s} are by {O}
    {O} designed {s}`,
    `was conceived by {O}
    was the creation of {O}
    was devised by {O}`,
    'designed',
  ),
  builtYear: relation(
    `{S} was opened in {O}
    {S} was built in {O}
    The building of {s} was finished in {O}`,
    `was completed in {O}
    was inaugurated in {O}`,
  ),
  standsIn: relation(
    `{S} stands in {O}
    {S} is a landmark of {O}
    {S} belongs to {O}`,
    `can be found in {O}
    is located in {O}
    is situated in {O}`,
    'hasBuilding',
  ),
  material: relation(
    `{S} was built of {O}
    {S} is made of {O}
    The builders of {s} used {O}`,
    `was constructed from {O}
    consists of {O}`,
  ),
  crosses: relation(
    `{S} crosses {O}
    {S} was built over {O}
    {S} leads across {O}`,
    `spans {O}
    passes above {O}`,
    'crossedBy',
  ),
  openedBy: relation(
    `{S} was opened by {O}
    {O} opened {s} with a speech`,
    `was inaugurated by {O}
    was ceremonially handed over by {O}`,
    'opened',
  ),
  eventYear: relation(
    `{S} took place in {O}
    {S} happened in {O}
    The year of {s} was {O}`,
    `occurred in {O}
    was held in {O}`,
  ),
  place: relation(
    `{S} took place in {O}
    {S} happened near {O}
    The scene of {s} was {O}`,
    `occurred in {O}
    affected {O}
    had {O} as its location`,
    'placeOf',
  ),
  leader: relation(
    `{S} was led by {O}
    {O} was the leader during {s}
    {O} had command in {s}`,
    `was headed by {O}
    had {O} in charge`,
    'leads',
  ),
  consequence: relation(
    `{S} led to {O}
    The result of {s} was {O}
    After {s} came {O}`,
    `brought about {O}
    whose outcome was {O}
    triggered {O}`,
  ),
  sponsor: relation(
    `{S} was paid for by {O}
    {O} paid for {s}
    The money for {s} came from {O}`,
    `was financed by {O}
    received backing from {O}`,
    'sponsored',
  ),
  describer: relation(
    `{S} was described by {O}
    The first description of {s} is by {O}
    {O} described {s}`,
    `was identified as new by {O}
    was introduced to science by {O}`,
    'described',
  ),
  describedYear: relation(
    `{S} was described in {O}
    The first description of {s} appeared in {O}`,
    `became known to science in {O}
    was identified in {O}`,
  ),
  habitat: relation(
    `{S} lives in {O}
    {S} is found in {O}
    {O} are the home of {s}`,
    `inhabits {O}
    occurs among {O}
    prefers {O}`,
  ),
  look: relation(
    `{S} is recognised by {O}
    {S} has {O}
    {S} differs from its relatives in {O}`,
    `is distinguished by {O}
    displays {O}`,
  ),
  foundNear: relation(
    `{S} was first collected near {O}
    {S} is known only from {O}
    The first specimen of {s} came from {O}`,
    `was discovered around {O}
    is confined to {O}`,
    'findsOf',
  ),
  liesOn: relation(
    `{S} lies on {O}
    {S} stands on {O}
    {O} runs past {s}`,
    `is situated by {O}
    borders {O}`,
    'passes',
  ),
  landmark: relation(
    `{S} has {O}
    Visitors come to {s} for {O}
    {S} is visited for {O}`,
    `boasts {O}
    attracts guests with {O}
    draws tourists to {O}`,
  ),
  mayor: relation(
    `The mayor of {s} was {O}
    {O} was elected mayor of {s}`,
    `was governed by {O}
    had {O} as its chief civic officer`,
    'mayorOf',
  ),
  legend: relation(
    `Stories about {s} tell of {O}
    {S} is linked in folk songs with {O}
    The tales of {s} are full of {O}`,
    `whose lore features {O}
    is associated in popular tradition with {O}`,
  ),
  namedAfter: relation(
    `{S} was named after {O}
    {S} received its present name in memory of {O}`,
    `takes its name from {O}
    is a namesake of {O}`,
    'namesake',
  ),
}
