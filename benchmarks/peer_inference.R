# What follows from a fit, with lme4, lmerTest and clubSandwich: Rscript peer_inference.R TABLE.csv
# (columns id, t, y). Prints one JSON object: seconds of each work after the fit, and values.
suppressMessages({library(lme4); library(lmerTest); library(clubSandwich)})
table <- read.csv(commandArgs(trailingOnly = TRUE)[1])
fit <- lme4::lmer(y ~ t + (1 + t | id), table)
seconds <- function(work) {
  begun <- proc.time()[["elapsed"]]
  value <- suppressWarnings(suppressMessages(work()))
  list(seconds = proc.time()[["elapsed"]] - begun, value = value)
}
df <- seconds(function() coef(summary(as_lmerModLmerTest(fit)))[2, "df"])
robust <- seconds(function() {
  covariance <- vcovCR(fit, type = "CR2")
  tested <- coef_test(fit, vcov = covariance, test = "Satterthwaite")
  c(tested$SE[2], if (is.null(tested$df_Satt)) tested$df[2] else tested$df_Satt[2])
})
profile <- seconds(function() confint(fit, method = "profile")[".sig03", ])
draws <- seconds(function() sd(bootMer(fit, function(m) fixef(m)[2], 20, seed = 1)$t))
cat(sprintf(
  paste0('{"df": [%.4f, %.8f], "CR2": [%.4f, %.8f, %.8f], "profile": [%.4f, %.8f, %.8f], ',
         '"draw": [%.5f, %.8f]}\n'),
  df$seconds, df$value, robust$seconds, robust$value[1], robust$value[2],
  profile$seconds, profile$value[1], profile$value[2], draws$seconds / 20, draws$value))
