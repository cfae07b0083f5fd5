# Data with gaps, and what R's mice makes of them: Rscript mice.R, in this folder.
# data.csv: the data. values.csv: figures of 200 completed sets by method, with the variance between
# sets, which says how far another seed may lie. long.csv: four sets as mice writes them.
# pooled.csv: what mice::pool says of these four.
suppressMessages(library(mice))
set.seed(2026)
n <- 250
x <- rnorm(n)
y1 <- 10 + 2 * x + rnorm(n, sd = 2)
y2 <- 4 + 0.6 * y1 + rnorm(n, sd = 2)
y3 <- 0.5 * y2 + x + rgamma(n, 2)
z <- pmin(pmax(round(5 + 0.4 * (y1 - 10) + rnorm(n, sd = 1.5)), 0), 10)
d <- round(data.frame(x, y1, y2, y3, z), 4)
d$y2[runif(n) < plogis(d$y1 - 11)] <- NA
d$y3[runif(n) < plogis(-1 - x)] <- NA
d$z[runif(n) < 0.25] <- NA
write.csv(d, "data.csv", row.names = FALSE, na = "")
out <- "method,name,estimate,standard_error,between"
told <- function(method, name, q, u) {
  p <- pool.scalar(q, u, n = n, k = 1)
  sprintf("%s,%s,%.8g,%.8g,%.8g", method, name, p$qbar, sqrt(p$t), p$b)
}
for (method in c("norm", "pmm")) {
  sets <- complete(mice(d, m = 200, method = method, maxit = 10, seed = 7, printFlag = FALSE), "all")
  for (name in names(d)[3:5]) {
    means <- sapply(sets, function(s) mean(s[[name]]))
    variances <- sapply(sets, function(s) var(s[[name]]))
    out <- c(out, told(method, paste("mean", name), means, variances / n))
    out <- c(out, told(method, paste("variance", name), variances, 2 * variances^2 / (n - 1)))
  }
  fits <- lapply(sets, function(s) coef(summary(lm(y3 ~ x + y1 + y2 + z, s))))
  for (term in rownames(fits[[1]])) {
    out <- c(out, told(method, paste("slope", term), sapply(fits, function(f) f[term, 1]),
                       sapply(fits, function(f) f[term, 2]^2)))
  }
}
writeLines(c(out, sprintf("version,mice %s,,,", packageVersion("mice"))), "values.csv")
four <- mice(d, m = 4, method = c("", "", "norm", "pmm", "pmm"), maxit = 5, seed = 8,
             printFlag = FALSE)
write.csv(complete(four, "long", include = TRUE), "long.csv", row.names = FALSE, na = "")
pooled <- summary(pool(with(four, lm(y3 ~ x + y2 + z))), conf.int = TRUE)
fmi <- pool(with(four, lm(y3 ~ x + y2 + z)))$pooled$fmi
write.csv(format(data.frame(term = pooled$term, estimate = pooled$estimate,
                            standard_error = pooled$std.error, df = pooled$df, p = pooled$p.value,
                            low = pooled$`2.5 %`, high = pooled$`97.5 %`, fmi), digits = 14),
          "pooled.csv", row.names = FALSE, quote = FALSE)
